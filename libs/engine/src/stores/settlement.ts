import type { Amounts, MeterAmounts } from '../operations/amounts.js';
import type { Operation } from '../operations/operation.js';
import type { LimitSpec, WindowIndex } from './counter-ref.js';
import type { SettledHold } from './holds.js';
import type { ReadRequest } from './read.js';

/** A limit in the window that an operation was decided in. A voided operation leaves the window that it is recorded in. */
export interface SettledLimit extends LimitSpec {
  readonly windowIndex: WindowIndex;
}

export interface SettleRequest<L extends SettledLimit = SettledLimit> extends ReadRequest<L>, Amounts {
  readonly operation: Operation;
  /**
   * `count` and `void` are of checks, `void` with `hold` of a take that was to hold. Of reservations: `hold` places it as it was
   * decided or extended, above the max too, also where a counter has more live holds than a take may place; `commit` makes it a committed one whatever is there (held, unknown, expired), and `release` a
   * released one, also before its `hold` arrives. `refund` reverses what is counted under the id, now or by a settlement that
   * arrives later. Outcomes are those of `count` (`hold`, `commit`) and of `void` (`release`, `refund`); `conflict` where it has
   * ended otherwise.
   */
  readonly intent: 'count' | 'void' | 'hold' | 'commit' | 'release' | 'refund';
  /** Of a reservation; the amounts above are what it held. Its settlements are `decidedAt` when they were, a `hold` when it was taken. */
  readonly hold?: SettledHold | undefined;
  /** Of `commit`: what it counted. A meter that is not named is committed as held. */
  readonly committed?: MeterAmounts;
  /** Of a `hold` that was extended: all that it holds now, of each meter, in the windows of the request. */
  readonly extended?: MeterAmounts;
  /** Store clock: it is remembered until `rememberMs` after this, however late or often it is settled. */
  readonly decidedAt: number;
  /**
   * Default: `REMEMBER_SETTLED_MS` in a store that can be away, and `REMEMBER_MS` in one in the process, where settlements are
   * repeated by none. One that is given holds for both.
   */
  readonly rememberMs?: number;
}

/**
 * `counted` now, or `already-counted`, or too `late`: its windows are over, and such windows are never changed.
 * `reversed`: it had counted and no longer does. `voided`: it had not, and now never will. `conflict`: the id belongs
 * to other content. `wrong-type`: a key holds something Sundial did not write.
 */
export interface SettleResult {
  readonly outcome:
    'counted' | 'already-counted' | 'late' | 'reversed' | 'voided' | 'conflict' | 'wrong-type';
  /** The limits that are above their max now that it counted, and those that have reached their `reportFrom`; absent when there are none. */
  readonly forced?: readonly ForcedLimit[];
}

/** A limit that had no room for what was counted, or that reached a threshold by it. */
export interface ForcedLimit {
  /** As the request has it, the same object. */
  readonly limit: SettledLimit;
  /** The units used in its window. */
  readonly used: number;
}

/** How long a store that can be away remembers what was settled, from when it was decided: a settlement is repeated until it is answered. */
export const REMEMBER_SETTLED_MS = 24 * 60 * 60_000;
