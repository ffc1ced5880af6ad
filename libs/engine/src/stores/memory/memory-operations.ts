import { amountOf, type Amounts } from '../../operations/amounts.js';
import type { Operation } from '../../operations/operation.js';
import { splitContent, withoutPacks } from '../../operations/taken-from-packs.js';
import type { CounterRef, WindowIndex } from '../counter-ref.js';
import {
  REMEMBER_SETTLED_MS,
  type ForcedLimit,
  type SettledLimit,
  type SettleRequest,
  type SettleResult,
} from '../settlement.js';
import { resetsAtOf, startsAtOf, windowIndexAt } from '../window-index.js';
import {
  afterTombstone,
  asVoided,
  FREED,
  hasAttempt,
  isVoided,
  liveAttempts,
  withAllowed,
  withAttempt,
  withVoided,
} from '../../operations/attempts.js';
import type { MemoryPacks } from './packs/memory-packs.js';
import type { ReservationRecords } from './holds/reservation-records.js';
import type { MemoryState } from './state/memory-state.js';
import type { LimitState } from './state/counter-records.js';
import { ownIndexAt, settledWindow } from './state/own-ends.js';
import type { MemoryOperation } from './state/operation-record.js';

/** What the embedded store remembers of operations, and what settling one makes of that and of its counters. */
export class MemoryOperations {
  readonly #state: MemoryState;
  readonly #reservations: ReservationRecords;
  readonly #now: () => number;
  readonly #packs: Pick<MemoryPacks, 'giveBack'>;

  constructor(
    state: MemoryState,
    reservations: ReservationRecords,
    now: () => number,
    packs: Pick<MemoryPacks, 'giveBack'>,
  ) {
    this.#packs = packs;
    this.#state = state;
    this.#reservations = reservations;
    this.#now = now;
  }

  /**
   * What stands against taking it: that it was counted before, or why it cannot be now. A tombstone of others does not; it says which
   * attempts are voided, and that a reservation has freed the id.
   */
  recall(
    operation: Operation,
    now: number,
  ): MemoryOperation | 'conflict' | 'refunded' | 'expired' | undefined {
    const recorded = this.#state.operation(operation.id, now);
    if (recorded === undefined) return undefined;
    if (recorded.voided)
      return isVoided(asVoided(recorded.attempts), operation.attempt) ? 'expired' : recorded;
    if (isOfOtherKind(recorded))
      return this.#reservations.standing(recorded, operation.id, now) ?? freed(recorded);
    const attempts = withAttempt(recorded.attempts, operation.attempt);
    return this.#join(operation, recorded, { attempts }) === 'conflict' ? 'conflict' : recorded;
  }

  /** It was counted at this instant, by the store's clock; where there was a tombstone, in its place. */
  record(
    { id, content, attempt }: Operation,
    { at, until }: Pick<MemoryOperation, 'at' | 'until'>,
    tombstone?: MemoryOperation,
  ): void {
    const attempts = afterTombstone(attempt, tombstone?.attempts);
    this.#state.remember(id, { content, attempts, at, until, voided: false, countedAt: Date.now() });
  }

  settle(request: SettleRequest): SettleResult {
    const { operation, intent, decidedAt } = request;
    const recorded = this.#state.operation(operation.id, this.#now());
    const isOther = recorded !== undefined && isOfOtherKind(recorded);
    const standing = isOther ? this.#standing(recorded, request) : undefined;
    if (standing !== undefined) return { outcome: standing };
    const counted = recorded?.voided === false && !isOther ? recorded : undefined;
    const tombstone = isOther ? freed(recorded) : recorded?.voided === true ? recorded : undefined;
    if (intent === 'void')
      return { outcome: counted ? this.#reverse(request, counted) : this.#bar(request, tombstone) };
    if (intent !== 'count')
      throw new TypeError(`A settlement ${intent} is of a reservation, and needs its hold.`);
    if (counted === undefined) return this.#countLate(request, tombstone);
    const attempts = withAllowed(counted.attempts, operation.attempt);
    return { outcome: this.#join(operation, counted, { attempts, until: decidedAt + REMEMBER_SETTLED_MS }) };
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
    { id, content }: Operation,
    counted: MemoryOperation,
    { attempts, until: settledUntil = -Infinity }: { readonly attempts: string; readonly until?: number },
  ): 'already-counted' | 'conflict' {
    const isSame = splitContent(counted.content).content === splitContent(content).content;
    if (counted.content !== content && !isSame) return 'conflict';
    const until = Math.max(counted.until, settledUntil);
    if (attempts !== counted.attempts || until > counted.until)
      this.#state.remember(id, { ...counted, until, attempts });
    return 'already-counted';
  }

  /** Takes an attempt off an operation that was counted, and reverses it without the last one. */
  #reverse(request: SettleRequest, counted: MemoryOperation): 'reversed' | 'voided' {
    const { operation, decidedAt } = request;
    const isIts = hasAttempt(counted.attempts, operation.attempt);
    const attempts = withVoided(counted.attempts, operation.attempt);
    if (!isIts || liveAttempts(attempts) !== '') {
      const until = Math.max(counted.until, decidedAt + REMEMBER_SETTLED_MS);
      if (attempts !== counted.attempts) this.#state.remember(operation.id, { ...counted, until, attempts });
      return 'voided';
    }
    const { parts } = splitContent(counted.content);
    const { counters } = request;
    const takes = parts.length === 0 ? request : { counters, ...withoutPacks(request, parts) };
    this.#packs.giveBack(
      counters.map(({ key }) => key),
      parts,
    );
    this.#add(takes, (limit, ref) => this.#indexAt(limit, ref, counted.at), -1);
    this.#bar(request, counted);
    return 'reversed';
  }

  #indexAt(limit: SettledLimit, ref: CounterRef, at: number): WindowIndex | undefined {
    return windowIndexAt(limit, at) ?? ownIndexAt(this.#state.counters, ref, limit, at);
  }

  /** Leaves a tombstone for the attempt, besides those that were voided before. */
  #bar(
    { operation: { id, attempt }, decidedAt }: SettleRequest,
    before: MemoryOperation | undefined,
  ): 'voided' {
    const known = before?.voided ? asVoided(before.attempts) : (before?.attempts ?? '');
    const attempts = withVoided(known, attempt);
    const until = decidedAt + REMEMBER_SETTLED_MS;
    this.#state.remember(id, { content: '', attempts, at: 0, until, voided: true, countedAt: Date.now() });
    return 'voided';
  }

  #countLate(request: SettleRequest, tombstone: MemoryOperation | undefined): SettleResult {
    const { operation, counters, decidedAt } = request;
    const { touched, forced } = this.#add(request, ({ windowIndex }) => windowIndex, 1);
    const starts = counters.flatMap(({ limits }) =>
      limits.map((limit) => startsAtOf(limit, limit.windowIndex)),
    );
    const until = decidedAt + REMEMBER_SETTLED_MS;
    this.record(operation, { at: Math.max(...starts), until }, tombstone);
    const outcome = touched > 0 ? 'counted' : 'late';
    return forced.length > 0 ? { outcome, forced } : { outcome };
  }

  /**
   * Adds what each limit takes to its window that is not over, where that is or can become the counter's current one, or
   * takes it back: how many it was, and which limits are above their max by that.
   */
  #add(
    { counters, amount, amounts }: Pick<SettleRequest, 'counters'> & Amounts,
    indexOf: (limit: SettledLimit, ref: CounterRef) => WindowIndex | undefined,
    sign: 1 | -1,
  ): { touched: number; forced: ForcedLimit[] } {
    const forced: ForcedLimit[] = [];
    const now = this.#now();
    let touched = 0;
    for (const ref of counters) {
      for (const limit of ref.limits) {
        const units = sign * amountOf(limit, amount, amounts);
        const index = indexOf(limit, ref);
        if (units === 0 || index === undefined) continue;
        const { window, windows, windowIndex } = settledWindow(this.#state.counters, ref, limit, index);
        const startsAt = startsAtOf(windows, windowIndex);
        const used = changeable(window, startsAt, units);
        if (now >= resetsAtOf(windows, windowIndex)) continue;
        if (used === undefined || !this.#state.hasRoomFor([ref])) continue;
        const total = Math.min(Math.max(used + units, 0), Number.MAX_SAFE_INTEGER);
        this.#state.put(ref, windows, windowIndex, total);
        touched++;
        const sum = total + (window?.startsAt === startsAt ? window.reserved : 0);
        if (units > 0 && this.#state.isReported(ref, limit, sum)) forced.push({ limit, used: sum });
      }
    }
    return { touched, forced };
  }
}

/** What a reservation that has freed its id leaves to an operation in its place. */
function freed(recorded: MemoryOperation): MemoryOperation {
  return { ...recorded, voided: true, attempts: FREED };
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
