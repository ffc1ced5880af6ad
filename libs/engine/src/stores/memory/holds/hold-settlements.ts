import type { Amounts } from '@sundial/contract';
import { heldAmountOf } from '../../../operations/amounts.js';
import type { SettledHold } from '../../holds.js';
import {
  REMEMBER_SETTLED_MS,
  type ForcedLimit,
  type SettledLimit,
  type SettleRequest,
  type SettleResult,
} from '../../settlement.js';
import { REMEMBER_MS } from '../../take.js';
import { resetsAtOf, startsAtOf } from '../../window-index.js';
import type { MemoryState } from '../state/memory-state.js';
import { settledWindow } from '../state/own-ends.js';
import type { HoldEndings } from './hold-endings.js';
import { givenBy, splitContent } from '../../../operations/taken-from-packs.js';
import {
  afterFreed,
  afterTombstone,
  hasAttempt,
  liveAttempts,
  withVoided,
} from '../../../operations/attempts.js';
import type { HoldJoining } from './hold-joining.js';
import {
  CONCURRENT_FIELD,
  hasExpired,
  isFree,
  isOf,
  metersOf,
  takenMeters,
  unitsOf,
  withNamed,
  type HeldCounter,
  type HeldEntry,
  type MemoryReservation,
} from './memory-reservation.js';
import { voidedBefore, type ReservationRecords } from './reservation-records.js';

/** Settlements of reservations, in any order: they make what the store knows what callers were answered. */
export class HoldSettlements {
  constructor(
    private readonly state: MemoryState,
    private readonly records: ReservationRecords,
    private readonly endings: HoldEndings,
    private readonly joining: HoldJoining,
  ) {}

  settle(request: SettleRequest, hold: SettledHold, now: number): SettleResult {
    const { intent, operation } = request;
    const known = this.#find(request, hold, now);
    if (typeof known === 'string') return { outcome: known };
    if (intent === 'void') return { outcome: this.#void(request, known, now) };
    if (known === undefined) return this.#place(request, hold, now);
    if (known.state === 'committed')
      return { outcome: intent === 'release' ? 'conflict' : 'already-counted' };
    if (known.state === 'released') return { outcome: intent === 'commit' ? 'conflict' : 'voided' };
    const until = request.decidedAt + REMEMBER_SETTLED_MS;
    if (intent === 'hold') {
      if (known.content !== splitContent(operation.content).content) return { outcome: 'conflict' };
      this.joining.join(request, hold, known, now);
      return { outcome: 'already-counted' };
    }
    if (intent === 'commit') {
      const meters = withNamed(known.held, { amounts: request.committed ?? {} });
      this.endings.commit(known, meters, { late: request.decidedAt >= hold.expiresAt, now, until });
      return { outcome: 'counted' };
    }
    if (isFree(known, now)) return { outcome: 'voided' };
    // What its expiry has committed stays, unless the release came before that.
    const expiresAt = Math.max(known.expiresAt, hold.expiresAt);
    if (hasExpired(known, now) && request.decidedAt >= expiresAt) return { outcome: 'conflict' };
    this.endings.release(known, now, until);
    return { outcome: 'reversed' };
  }

  /** The reservation that is settled; undefined where the store does not know it, or what its record allows instead. */
  #find(
    { intent, operation }: SettleRequest,
    hold: SettledHold,
    now: number,
  ): MemoryReservation | undefined | 'voided' | 'conflict' {
    const other = intent === 'void' || intent === 'release' ? 'voided' : 'conflict';
    const found = this.records.find(operation.id, now);
    if (found.kind === 'none' || found.kind === 'tombstone') return undefined;
    if (found.kind !== 'reservation') return other;
    const { reservation } = found;
    const { takenAt } = hold;
    if (intent === 'void' || reservation.at === takenAt) return reservation;
    // A release frees the id for attempts after it; those before it are released with it.
    if (isFree(reservation, now))
      return intent !== 'commit' && takenAt <= releasedAt(reservation) ? 'voided' : undefined;
    return this.#isSettled(intent, hold, reservation) ? reservation : other;
  }

  /** What was released before the data was lost may be taken again: from then on it is another one. */
  #isSettled(
    intent: SettleRequest['intent'],
    { takenAt, isDegraded, isLost = false }: SettledHold,
    reservation: MemoryReservation,
  ): boolean {
    if (isDegraded) return true;
    if (!isLost || intent !== 'release') return isOf(reservation, takenAt);
    this.records.save({ ...reservation, attempts: afterFreed(reservation.attempts) });
    return false;
  }

  /** Takes an attempt off a reservation, and releases it without the last one. */
  #void(
    { operation: { id, attempt }, decidedAt }: SettleRequest,
    known: MemoryReservation | undefined,
    now: number,
  ): 'voided' | 'reversed' {
    const found = this.records.find(id, now);
    const before = known?.attempts ?? (found.kind === 'tombstone' ? found.attempts : '');
    const attempts = withVoided(before, attempt);
    const wasHeld =
      known !== undefined && (known.state === 'held' || known.state === 'expired') && !isFree(known, now);
    const isLast = hasAttempt(before, attempt) && liveAttempts(attempts) === '';
    if (known !== undefined && !(isLast && wasHeld)) {
      if (!isLast && attempts !== before) this.records.save({ ...known, attempts });
      return 'voided';
    }
    if (known !== undefined) this.endings.release(known, now);
    const until = decidedAt + REMEMBER_SETTLED_MS;
    this.state.remember(id, {
      content: '',
      attempts,
      at: 0,
      until,
      voided: true,
      countedAt: Date.now(),
    });
    return known === undefined ? 'voided' : 'reversed';
  }

  /** Places the hold, or counts what was committed of it, or remembers that it was released. */
  #place(request: SettleRequest, hold: SettledHold, now: number): SettleResult {
    const { intent, operation, counters, decidedAt, committed = {}, extended = {} } = request;
    const { content, parts } = splitContent(operation.content);
    const given = givenBy(parts);
    const held = withNamed(metersOf(content), { amounts: extended });
    const meters = withNamed(held, { amounts: committed });
    const isHeld = intent === 'hold' && hold.expiresAt > now;
    const placed = { wanted: 0, touched: 0, forced: [] as ForcedLimit[] };
    const entriesOf = (counter: SettleRequest['counters'][number]): HeldEntry[] =>
      counter.limits.map((limit) => {
        const planned = plannedUnits(request, hold, { limit, meters, given, now });
        const units = this.#add({ counter, limit, planned, now }, placed);
        const { windows, windowIndex } = settledWindow(
          this.state.counters,
          counter,
          limit,
          limit.windowIndex,
        );
        return { field: limit.field, startsAt: startsAtOf(windows, windowIndex), units };
      });
    const reservation: MemoryReservation = {
      id: operation.id,
      state: isHeld ? 'held' : STATES[intent as keyof typeof STATES],
      onExpiry: hold.onExpiry,
      late: intent === 'commit' && decidedAt >= hold.expiresAt,
      refunded: false,
      content,
      attempts: afterTombstone(operation.attempt, voidedBefore(this.records.find(operation.id, now))),
      at: hold.takenAt,
      expiresAt: hold.expiresAt,
      until: Math.max(decidedAt + REMEMBER_SETTLED_MS, hold.expiresAt + REMEMBER_MS),
      held,
      committed: intent === 'commit' ? takenMeters(meters, held) : undefined,
      counters: counters.map((counter): HeldCounter => ({ key: counter.key, entries: entriesOf(counter) })),
      ...(intent !== 'release' && parts.length > 0 && { packs: parts }),
    };
    this.records.save(reservation);
    if (intent === 'release') return { outcome: placed.touched > 0 ? 'reversed' : 'voided' };
    const outcome = placed.wanted > 0 && placed.touched === 0 ? 'late' : 'counted';
    return placed.forced.length > 0 ? { outcome, forced: placed.forced } : { outcome };
  }

  /** Adds to a limit's window unless that is over. Returns how many units the entry is to say. */
  #add(
    { counter, limit, planned, now }: Addition,
    placed: { wanted: number; touched: number; readonly forced: ForcedLimit[] },
  ): number {
    const { used, reserved, said } = planned;
    const added = used + reserved;
    const isKept = isCountedLater(planned, limit);
    if (added === 0 && !isKept) return said;
    if (added !== 0) placed.wanted++;
    const settled = settledWindow(this.state.counters, counter, limit, limit.windowIndex);
    const { window, windows, windowIndex } = settled;
    const startsAt = startsAtOf(windows, windowIndex);
    const isIn = window?.startsAt === startsAt;
    const mayOpen = (added > 0 || isKept) && !(window && window.startsAt > startsAt);
    const isOver = now >= resetsAtOf(windows, windowIndex);
    if (isOver || !(isIn || mayOpen) || !this.state.hasRoomFor([counter])) return reserved > 0 ? 0 : said;
    const before = isIn ? window : { used: 0, reserved: 0 };
    const total = Math.min(Math.max(before.used + used, 0), Number.MAX_SAFE_INTEGER);
    const units = { used: total, reserved: before.reserved + reserved };
    this.records.units.hold(counter, windows, windowIndex, units);
    placed.touched++;
    const sum = units.used + units.reserved;
    if (this.state.isReported(counter, limit, sum)) placed.forced.push({ limit, used: sum });
    return said;
  }
}

/** It is over and gave all of it back, or packs gave it: a later commit of it counts in the window where it was. */
function isCountedLater({ used, reserved, said, fromPacks }: PlannedUnits, { field }: SettledLimit): boolean {
  return used + reserved === 0 && said + fromPacks > 0 && field !== CONCURRENT_FIELD;
}

/** By how long it is remembered from then on. */
function releasedAt({ state, until, expiresAt }: MemoryReservation): number {
  if (state !== 'released') return -Infinity;
  const isSettled = until > expiresAt + REMEMBER_MS;
  return until - (isSettled ? REMEMBER_SETTLED_MS : REMEMBER_MS);
}

interface Addition {
  readonly counter: SettleRequest['counters'][number];
  readonly limit: SettledLimit;
  readonly planned: PlannedUnits;
  readonly now: number;
}

/** Of a limit: what is used and held more now, and what its entry says. */
interface PlannedUnits {
  readonly used: number;
  readonly reserved: number;
  readonly said: number;
  /** What packs gave of it. */
  readonly fromPacks: number;
}

/** What becomes of it at once. A hold that is settled after its expiry has expired. */
const STATES = { hold: 'expired', commit: 'committed', release: 'released' } as const;

function plannedUnits(
  { intent, amount, amounts }: SettleRequest,
  { expiresAt, onExpiry, isDegraded, isLost = false }: SettledHold,
  {
    limit,
    meters,
    given,
    now,
  }: {
    readonly limit: SettledLimit;
    readonly meters: Amounts;
    readonly given: Amounts;
    readonly now: number;
  },
): PlannedUnits {
  const isConcurrent = limit.field === CONCURRENT_FIELD;
  // Packs never stand in for what is held at once.
  const fromPacks = isConcurrent ? 0 : unitsOf(given, limit.field);
  const held = Math.max(heldAmountOf(limit, amount, amounts) - fromPacks, 0);
  const isOver = expiresAt <= now;
  const isLeft = isOver && onExpiry === 'commit' && !isConcurrent;
  if (intent !== 'hold') {
    const committed =
      intent === 'release' || isConcurrent ? 0 : Math.max(unitsOf(meters, limit.field) - fromPacks, 0);
    // Until it is forgotten the store would know it, had it not lost it.
    const isForgotten = now >= expiresAt + REMEMBER_MS;
    const left = isLeft && !isDegraded && !isLost && isForgotten ? held : 0;
    return { used: committed - left, reserved: 0, said: committed, fromPacks };
  }
  if (!isOver) return { used: 0, reserved: held, said: held, fromPacks };
  return { used: isLeft ? held : 0, reserved: 0, said: held, fromPacks };
}
