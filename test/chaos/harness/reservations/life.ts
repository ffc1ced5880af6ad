import type { CommitRequest, ExtendRequest } from '@sundial/contract';
import type { Random } from '../random.js';
import { MAX_AMOUNT, MAX_TOKENS, type HoldRequest, type Operation } from '../workload.js';

/** How the caller of an operation goes on when it was allowed, as the seed says. */
export interface Life {
  /**
   * How its reservation ends. `leave`: its caller has crashed, and the hold expires. `commit late`: its caller comes
   * after it has expired. Absent: it is a check.
   */
  readonly end?: 'commit' | 'release' | 'commit late' | 'leave';
  /** So long after nothing of it is under way any more. */
  readonly afterMs: number;
  /** What was really used. */
  readonly commits: CommitRequest;
  /** Before it ends. */
  readonly extendsTo?: ExtendRequest | undefined;
  /** The same ending again, at once and at another node. */
  readonly repeats: boolean;
  /** What was counted is refunded. */
  readonly isRefunded: boolean;
}

/** Long enough for an experiment; every caller that has one ends it. */
const LONG_TTL_MS = 30_000;
/** As short as it may be. */
const SHORT_TTL_MS = 1_000;
const REFUNDED_CHECKS = 0.05;
const REFUNDED_COMMITS = 0.15;
const EXTENDED = 0.3;
const REPEATED = 0.3;
const ENDS = [
  ...Array<'commit'>(6).fill('commit'),
  ...Array<'release'>(2).fill('release'),
  'leave',
  'commit late',
] as const;

/** What a reservation asks for, and how its caller goes on. */
export function reservedLife(
  random: Random,
  operation: Operation,
): { readonly hold: HoldRequest; readonly life: Life } {
  const end = random.pick(ENDS);
  const isShort = end === 'leave' || end === 'commit late';
  const extendsTo = !isShort && random.next() < EXTENDED ? extensionOf(random, operation) : undefined;
  const life: Life = {
    end,
    afterMs: random.integer(0, 300),
    // After an extension that was not answered its caller does not know what is held, and names all of it.
    commits: usedOf(random, operation, extendsTo?.amount !== undefined),
    extendsTo,
    repeats: random.next() < REPEATED,
    isRefunded: end === 'commit' && random.next() < REFUNDED_COMMITS,
  };
  const hold: HoldRequest = {
    ttlMs: isShort ? SHORT_TTL_MS : LONG_TTL_MS,
    onExpiry: random.next() < 0.5 ? 'release' : 'commit',
  };
  return { hold, life };
}

/** Of a check: that some are refunded. */
export function checkedLife(random: Random): Life | undefined {
  if (random.next() >= REFUNDED_CHECKS) return undefined;
  return { afterMs: random.integer(0, 300), commits: {}, repeats: false, isRefunded: true };
}

/** Less than it holds, all of it, or more. */
function usedOf(random: Random, { amount, amounts }: Operation, namesAll: boolean): CommitRequest {
  const tokens = amounts?.tokens;
  const all = { amount, ...(tokens !== undefined && { amounts: { tokens } }) };
  switch (random.pick(['as held', 'less', 'more'] as const)) {
    case 'as held':
      return namesAll ? all : {};
    case 'less':
      return {
        amount: random.integer(0, amount),
        ...(tokens !== undefined && { amounts: { tokens: random.integer(0, tokens) } }),
      };
    case 'more':
      return {
        amount: random.integer(amount, MAX_AMOUNT),
        ...(tokens !== undefined && { amounts: { tokens: random.integer(tokens, MAX_TOKENS) } }),
      };
  }
}

function extensionOf(random: Random, { amount, amounts }: Operation): ExtendRequest {
  const ttlMs = 2 * LONG_TTL_MS;
  if (random.next() < 0.3) return { ttlMs };
  const tokens = amounts?.tokens;
  return {
    ttlMs,
    amount: random.integer(amount, MAX_AMOUNT),
    ...(tokens !== undefined && { amounts: { tokens: random.integer(tokens, MAX_TOKENS) } }),
  };
}

/** Units that an extension adds are taken from the windows of then, and a minute may have ended: the judge knows one window. */
export function extendedInTime(life: Life): Life {
  return life.extendsTo ? { ...life, extendsTo: { ttlMs: life.extendsTo.ttlMs! } } : life;
}
