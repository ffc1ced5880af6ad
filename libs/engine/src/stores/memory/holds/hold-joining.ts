import type { SettledHold } from '../../holds.js';
import type { WindowIndex } from '../../counter-ref.js';
import { REMEMBER_SETTLED_MS, type SettledLimit, type SettleRequest } from '../../settlement.js';
import { REMEMBER_MS } from '../../take.js';
import { resetsAtOf, startsAtOf } from '../../window-index.js';
import { givenBy, splitContent } from '../../../operations/taken-from-packs.js';
import { withAllowed } from '../../../operations/attempts.js';
import type { Windows } from '../state/counter-records.js';
import type { MemoryState } from '../state/memory-state.js';
import { settledWindow } from '../state/own-ends.js';
import { grownBy, largerOf } from './hold-endings.js';
import {
  CONCURRENT_FIELD,
  hasExpired,
  takenMeters,
  unitsOf,
  withNamed,
  type HeldCounter,
  type HeldEntry,
  type MemoryReservation,
} from './memory-reservation.js';
import type { ReservationRecords } from './reservation-records.js';

/**
 * How the settlement of a hold joins the reservation that is there: it is held until the later of their expiries, and as much as an
 * extension had made of it, also where it had expired before the store heard of that.
 */
export class HoldJoining {
  constructor(
    private readonly state: MemoryState,
    private readonly records: ReservationRecords,
  ) {}

  join(request: SettleRequest, hold: SettledHold, known: MemoryReservation, now: number): void {
    const { operation, decidedAt, extended = {} } = request;
    const attempts = withAllowed(known.attempts, operation.attempt);
    const until = Math.max(known.until, decidedAt + REMEMBER_SETTLED_MS);
    const isInTime = !hasExpired(known, now) || decidedAt < known.expiresAt;
    if (!isInTime) {
      this.records.save({ ...known, attempts, until });
      return;
    }
    const held = takenMeters(largerOf(known.held, withNamed(known.held, { amounts: extended })), known.held);
    const expiresAt = Math.max(known.expiresAt, hold.expiresAt);
    const isHeld = expiresAt > now;
    if (isHeld && this.records.live.get(known.id) === undefined) this.#holdAgain(known);
    // Where a node has replayed an extension, these are all that gave.
    const { parts } = splitContent(operation.content);
    const isGrown =
      parts.length > 0 && Object.keys(held).some((meter) => held[meter]! > (known.held[meter] ?? 0));
    const joinedParts = isGrown ? parts : (known.packs ?? []);
    const packs = isHeld ? this.records.exchange(known, joinedParts) : joinedParts;
    const [given, before] = [givenBy(joinedParts), givenBy(known.packs ?? [])];
    const counters = known.counters.map((counter, at): HeldCounter => {
      const ref = request.counters[at];
      let { entries } = counter;
      for (const limit of ref?.limits ?? []) {
        const more = unitsOf(held, limit.field) - unitsOf(known.held, limit.field);
        const fromPacks = unitsOf(given, limit.field) - unitsOf(before, limit.field);
        const added = limit.field === CONCURRENT_FIELD ? more : more - fromPacks;
        const isLeft = isHeld || (known.onExpiry === 'commit' && limit.field !== CONCURRENT_FIELD);
        const joined = isLeft && this.#add({ counter: ref!, limit, added, isHeld, now });
        if (joined) entries = grownBy(entries, joined, added);
      }
      return { key: counter.key, entries };
    });
    const state = isHeld ? 'held' : 'expired';
    const remembered = Math.max(until, expiresAt + REMEMBER_MS);
    this.records.save({ ...known, attempts, held, counters, expiresAt, state, until: remembered, packs });
  }

  #holdAgain({ counters, onExpiry }: MemoryReservation): void {
    const kept = ({ units }: HeldEntry) => (onExpiry === 'commit' ? units : 0);
    for (const counter of counters)
      for (const entry of counter.entries) this.records.units.holdAgain(counter, entry, kept(entry));
  }

  /** Adds to the window of a limit, above the max too. Returns that; undefined where it is not the counter's and cannot become it, or is over. */
  #add({ counter, limit, added, isHeld, now }: Addition): JoinedWindow | undefined {
    const settled = settledWindow(this.state.counters, counter, limit, limit.windowIndex);
    const { window, windows, windowIndex } = settled;
    const startsAt = startsAtOf(windows, windowIndex);
    const isLater = window !== undefined && window.startsAt > startsAt;
    if (added <= 0 || isLater || now >= resetsAtOf(windows, windowIndex)) return undefined;
    const { used, reserved } = window?.startsAt === startsAt ? window : { used: 0, reserved: 0 };
    const units = isHeld ? { used, reserved: reserved + added } : { used: used + added, reserved };
    this.records.units.hold(counter, windows, windowIndex, units);
    return { limit: windows, windowIndex };
  }
}

interface JoinedWindow {
  readonly limit: Windows;
  readonly windowIndex: WindowIndex;
}

interface Addition {
  readonly counter: SettleRequest['counters'][number];
  readonly limit: SettledLimit;
  readonly added: number;
  readonly isHeld: boolean;
  readonly now: number;
}
