import { amountOf, type Amounts } from '../../operations/amounts.js';
import type { Operation } from '../../operations/operation.js';
import {
  REMEMBER_SETTLED_MS,
  type ForcedLimit,
  type SettledLimit,
  type SettleRequest,
  type SettleResult,
  type WindowIndex,
} from '../store.js';
import { resetsAtOf, startsAtOf, windowIndexAt } from '../window-index.js';
import type { ReservationRecords } from './holds/reservation-records.js';
import type { MemoryState } from './state/memory-state.js';
import type { LimitState } from './state/counter-records.js';
import type { MemoryOperation } from './state/operation-record.js';

/** As in the script: an operation that is repeated for ever takes no more room than this. */
const MAX_ATTEMPTS_LENGTH = 1_000;

/** What the embedded store remembers of operations, and what settling one makes of that and of its counters. */
export class MemoryOperations {
  readonly #state: MemoryState;
  readonly #reservations: ReservationRecords;
  readonly #now: () => number;

  constructor(state: MemoryState, reservations: ReservationRecords, now: () => number) {
    this.#state = state;
    this.#reservations = reservations;
    this.#now = now;
  }

  /** What stands against taking it: that it was counted before, or why it cannot be now. */
  recall(
    operation: Operation,
    now: number,
  ): MemoryOperation | 'conflict' | 'refunded' | 'expired' | undefined {
    const recorded = this.#state.operation(operation.id, now);
    if (recorded === undefined) return undefined;
    if (recorded.voided) return recorded.attempts === operation.attempt ? 'expired' : undefined;
    if (isOfOtherKind(recorded)) return this.#reservations.standing(recorded, operation.id, now);
    return this.#join(operation, recorded) === 'conflict' ? 'conflict' : recorded;
  }

  /** It was counted at this instant, by the store's clock. */
  record({ id, content, attempt }: Operation, at: number, until: number): void {
    const countedAt = Date.now();
    this.#state.remember(id, { content, attempts: attempt, at, until, voided: false, countedAt });
  }

  settle(request: SettleRequest): SettleResult {
    const { operation, intent, decidedAt } = request;
    const recorded = this.#state.operation(operation.id, this.#now());
    const isOther = recorded !== undefined && isOfOtherKind(recorded);
    const standing = isOther ? this.#standing(recorded, request) : undefined;
    if (standing !== undefined) return { outcome: standing };
    const counted = recorded?.voided === false && !isOther ? recorded : undefined;
    if (intent === 'void') return { outcome: counted ? this.#reverse(request, counted) : this.#bar(request) };
    if (intent !== 'count')
      throw new TypeError(`A settlement ${intent} is of a reservation, and needs its hold.`);
    return counted
      ? { outcome: this.#join(operation, counted, decidedAt + REMEMBER_SETTLED_MS) }
      : this.#countLate(request);
  }

  /** What a settlement of a check finds of another operation under its id; undefined where that is over. */
  #standing(
    recorded: MemoryOperation,
    { operation, intent }: SettleRequest,
  ): 'already-counted' | 'conflict' | 'voided' | undefined {
    const standing = this.#reservations.standing(recorded, operation.id, this.#now());
    if (standing !== undefined && intent === 'void') return 'voided';
    return standing === 'refunded' ? 'already-counted' : standing;
  }

  /**
   * Notes that the caller of one more attempt is answered that the operation was counted. That alone makes no longer
   * memory.
   */
  #join(
    { id, content, attempt }: Operation,
    counted: MemoryOperation,
    settledUntil = -Infinity,
  ): 'already-counted' | 'conflict' {
    if (counted.content !== content) return 'conflict';
    const { attempts } = counted;
    const until = Math.max(counted.until, settledUntil);
    const isNoted = attempts === attempt || attempts.split(',').includes(attempt);
    const mayNote = !isNoted && attempts.length + attempt.length <= MAX_ATTEMPTS_LENGTH;
    if (mayNote) this.#state.remember(id, { ...counted, until, attempts: `${attempts},${attempt}` });
    else if (until > counted.until) this.#state.remember(id, { ...counted, until });
    return 'already-counted';
  }

  /** Takes an attempt off an operation that was counted, and reverses it without the last one. */
  #reverse(request: SettleRequest, counted: MemoryOperation): 'reversed' | 'voided' {
    const { operation, decidedAt } = request;
    const attempts = counted.attempts.split(',');
    const rest = attempts.filter((attempt) => attempt !== operation.attempt);
    if (rest.length === attempts.length) return 'voided';
    if (rest.length > 0) {
      const until = Math.max(counted.until, decidedAt + REMEMBER_SETTLED_MS);
      this.#state.remember(operation.id, { ...counted, until, attempts: rest.join(',') });
      return 'voided';
    }
    this.#add(request, (limit) => windowIndexAt(limit, counted.at), -1);
    this.#bar(request);
    return 'reversed';
  }

  #bar({ operation: { id, attempt }, decidedAt }: SettleRequest): 'voided' {
    const until = decidedAt + REMEMBER_SETTLED_MS;
    const countedAt = Date.now();
    this.#state.remember(id, { content: '', attempts: attempt, at: 0, until, voided: true, countedAt });
    return 'voided';
  }

  #countLate(request: SettleRequest): SettleResult {
    const { operation, counters, decidedAt } = request;
    const { touched, forced } = this.#add(request, ({ windowIndex }) => windowIndex, 1);
    const starts = counters.flatMap(({ limits }) =>
      limits.map((limit) => startsAtOf(limit, limit.windowIndex)),
    );
    this.record(operation, Math.max(...starts), decidedAt + REMEMBER_SETTLED_MS);
    const outcome = touched > 0 ? 'counted' : 'late';
    return forced.length > 0 ? { outcome, forced } : { outcome };
  }

  /**
   * Adds what each limit takes to its window that is not over, where that is or can become the counter's current one, or
   * takes it back: how many it was, and which limits are above their max by that.
   */
  #add(
    { counters, amount, amounts }: Pick<SettleRequest, 'counters'> & Amounts,
    indexOf: (limit: SettledLimit) => WindowIndex | undefined,
    sign: 1 | -1,
  ): { touched: number; forced: ForcedLimit[] } {
    const forced: ForcedLimit[] = [];
    const now = this.#now();
    let touched = 0;
    for (const ref of counters) {
      for (const limit of ref.limits) {
        const units = sign * amountOf(limit, amount, amounts);
        const windowIndex = indexOf(limit);
        if (units === 0 || windowIndex === undefined || now >= resetsAtOf(limit, windowIndex)) continue;
        const window = this.#state.counters.window(ref, limit.field);
        const used = changeable(window, startsAtOf(limit, windowIndex), units);
        if (used === undefined || !this.#state.hasRoomFor([ref])) continue;
        const total = Math.min(Math.max(used + units, 0), Number.MAX_SAFE_INTEGER);
        this.#state.put(ref, limit, windowIndex, total);
        touched++;
        const sum =
          total + (window && window.startsAt === startsAtOf(limit, windowIndex) ? window.reserved : 0);
        if (units > 0 && limit.enforced && sum > limit.max) forced.push({ limit, used: sum });
      }
    }
    return { touched, forced };
  }
}

/** A reservation, or a mark of another kind: the contents of checks do not begin so. */
function isOfOtherKind({ content }: MemoryOperation): boolean {
  return content.startsWith('@');
}

/** The units used in the window that starts then; undefined where it is not the current one and cannot become it. */
function changeable(current: LimitState | undefined, startsAt: number, units: number): number | undefined {
  if (current?.startsAt === startsAt) return current.used;
  return units > 0 && !(current && current.startsAt > startsAt) ? 0 : undefined;
}
