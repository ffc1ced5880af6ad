import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { UNITS_METER, type Amounts, type OnExpiry } from '@sundial/contract';
import { FREED, hasAttempt } from '../../../operations/attempts.js';
import { decodeContent } from '../../../operations/operation-content.js';
import { limitNamedBy } from '../../../counters/limit-field.js';
import { shownParts, type PackPart } from '../../../operations/taken-from-packs.js';
import type { NamedAmounts, StoredReservation } from '../../holds.js';
import { REMEMBER_MS } from '../../take.js';

/** Units that were taken from one window of a counter, or what of them stays counted. */
export interface HeldEntry {
  readonly field: string;
  readonly startsAt: number;
  readonly units: number;
}

/** What a reservation took from one counter. */
export interface HeldCounter {
  readonly key: string;
  readonly entries: readonly HeldEntry[];
}

/** What the embedded store knows of a reservation. It is replaced when it changes. */
export interface MemoryReservation {
  readonly id: string;
  /** `expired`: its expiry has been made of its counters what `onExpiry` says. */
  readonly state: 'held' | 'committed' | 'released' | 'expired';
  readonly onExpiry: OnExpiry;
  readonly late: boolean;
  readonly refunded: boolean;
  readonly content: string;
  readonly attempts: string;
  readonly at: number;
  readonly expiresAt: number;
  readonly until: number;
  readonly held: Amounts;
  readonly committed: Amounts | undefined;
  readonly counters: readonly HeldCounter[];
  /** What packs give of what it holds, and in the end of what was committed. One that its expiry released has what it had. */
  readonly packs?: readonly PackPart[] | undefined;
}

/** Content of operations does not begin so (`operations/operation-content.ts`). */
const RESERVATION = '@h';
const DEFLATED = '@z';
/** Facts of many limits say the same words again and again: they are written deflated from here on. */
const LONG_FACTS = 8_000;

/** As the content of an operation record: so it is kept and logged as other operations are. */
export function encodeReservation(reservation: MemoryReservation): string {
  const { state, onExpiry, late, refunded, content, at, expiresAt, until, held, committed, counters, packs } =
    reservation;
  const text = JSON.stringify({
    state,
    onExpiry,
    late,
    refunded,
    content,
    at,
    expiresAt,
    until,
    held,
    committed,
    counters,
    packs,
  });
  if (text.length < LONG_FACTS) return RESERVATION + text;
  return DEFLATED + deflateRawSync(text).toString('base64');
}

/** Undefined for the content of another operation. */
export function decodeReservation(
  id: string,
  { content, attempts }: { readonly content: string; readonly attempts: string },
): MemoryReservation | undefined {
  const written = content.slice(RESERVATION.length);
  if (content.startsWith(RESERVATION)) return { ...(JSON.parse(written) as MemoryReservation), id, attempts };
  if (!content.startsWith(DEFLATED)) return undefined;
  const text = inflateRawSync(Buffer.from(written, 'base64')).toString();
  return { ...(JSON.parse(text) as MemoryReservation), id, attempts };
}

export function hasExpired({ state, expiresAt }: MemoryReservation, now: number): boolean {
  return state === 'expired' || (state === 'held' && expiresAt <= now);
}

/** Whether its units are back and its operation id may be used for another operation. */
export function isFree(reservation: MemoryReservation, now: number): boolean {
  if (reservation.state === 'released') return true;
  return hasExpired(reservation, now) && reservation.onExpiry === 'release';
}

/**
 * Whether it is the one that was taken at an instant. Several attempts of an operation may have been answered that they took it, each at
 * its instant, without the store: they mean one reservation, unless the id was free between them. The record says so as long as the one
 * before it is remembered, and what is forgotten was taken longer ago than that.
 */
export function isOf({ at, attempts }: MemoryReservation, takenAt: number): boolean {
  const isRecent = takenAt > at - REMEMBER_MS;
  return takenAt >= at || (isRecent && !hasAttempt(attempts, FREED));
}

/** As the store answers it. */
export function storedReservation(reservation: MemoryReservation, now: number): StoredReservation {
  const { at, expiresAt, onExpiry, held, committed, late, until, packs } = reservation;
  const state = hasExpired(reservation, now) ? 'expired' : reservation.state;
  const stored: StoredReservation = {
    state,
    at,
    expiresAt,
    onExpiry,
    amounts: held,
    late,
    until,
    ...shownParts(packs, { state, onExpiry }),
  };
  return committed === undefined ? stored : { ...stored, committed };
}

/** Units by meter, `units` included. */
export function metersOf(content: string): Amounts {
  const { amount, amounts } = decodeContent(content);
  return { [UNITS_METER]: amount, ...amounts };
}

/** The meters that an ending names, over those that it does not. */
export function withNamed(meters: Amounts, { amount, amounts }: NamedAmounts): Amounts {
  const named = { ...meters, ...amounts };
  return amount === undefined ? named : { ...named, [UNITS_METER]: amount };
}

/** Without meters of which nothing is taken, but for those that were named before. */
export function takenMeters(meters: Amounts, before: Amounts): Amounts {
  return Object.fromEntries(
    Object.entries(meters).filter(([meter, units]) => units > 0 || Object.hasOwn(before, meter)),
  );
}

/** The units that a field counts. */
export function unitsOf(meters: Amounts, field: string): number {
  const { meter } = limitNamedBy(field);
  return Object.hasOwn(meters, meter) ? meters[meter]! : 0;
}

/** Its units are counted while they are held only. */
export const CONCURRENT_FIELD = '(concurrent)';

/** What is committed of entries: the earlier windows of a field are filled first, and all that is more is in the last. */
export function committedEntries(entries: readonly HeldEntry[], meters: Amounts): HeldEntry[] {
  const left = new Map<string, number>();
  return entries.map(({ field, startsAt, units }, index) => {
    if (field === CONCURRENT_FIELD) return { field, startsAt, units: 0 };
    const rest = left.get(field) ?? unitsOf(meters, field);
    const isLast = !entries.slice(index + 1).some((later) => later.field === field);
    const committed = isLast ? rest : Math.min(units, rest);
    left.set(field, rest - committed);
    return { field, startsAt, units: committed };
  });
}
