import {
  UNITS_METER,
  type Amounts,
  type CommitRequest,
  type Reservation,
  type ReservationPack,
} from '@sundial/contract';
import { decisionOf, type Attempt } from '../history.js';
import { middleOfAYearOffsetMs } from '../rules.js';
import type { Operation } from '../workload.js';
import { isByTheStore, type Asking } from './ending.js';

/** What became of an operation that was allowed, as its callers were answered. */
export interface Fate {
  readonly isHold: boolean;
  /** What it took of each meter, and what the store has added to what it holds, from an instant on. Monotonic. */
  readonly taken: Amounts;
  readonly added: { readonly units: Amounts; readonly from: number };
  /** Until when all of it was certainly in the counters, and what of it stayed there. Monotonic. */
  readonly certainUntil: number;
  readonly stays: Amounts;
  /** What is counted in the end. */
  readonly counted: Amounts;
  /** What packs gave of what it took, with an extension, and in the end. */
  readonly packs: PackParts;
  /** What of it an answer marks as perhaps above a max: overage, and all that was committed late. */
  readonly marked: Amounts;
  /** The store has said that it has ended so. */
  readonly isEndedByTheStore: boolean;
  /** It was committed without the store, and is settled when others may have its units. */
  readonly isEndedWithoutStore: boolean;
}

interface PackParts {
  readonly taken: readonly ReservationPack[];
  readonly extended: readonly ReservationPack[];
  readonly counted: readonly ReservationPack[];
}

type Ended = Omit<Fate, 'isHold' | 'taken' | 'added' | 'isEndedByTheStore' | 'packs'>;

const NOTHING: Amounts = {};
const NOTHING_ADDED = { units: NOTHING, from: Infinity };
/** Before an expiry by the store's clock, which is this machine's. */
const CLOCK_MS = 50;

/** What becomes of an operation with these answers to its callers, and to what they asked of it afterwards. */
export function fateOf(operation: Operation, allowed: readonly Attempt[], all: readonly Asking[]): Fate {
  const askings = all.filter(({ isContrary }) => !isContrary);
  const taken = amountsOf(operation);
  const ended = operation.hold ? endOfHold(operation, allowed, askings) : keptFor(taken);
  const facts = {
    ...{ isHold: operation.hold !== undefined, taken, added: addedTo(taken, askings) },
    isEndedByTheStore: askings.some((asking) => succeeded(asking) && isByTheStore(asking)),
  };
  const packs = packsOf(operation, allowed, askings);
  const refunds = askings.filter(({ ending }) => ending.verb === 'refund');
  if (!refunds.some(succeeded)) return { ...facts, ...ended, packs };
  const certainUntil = Math.min(ended.certainUntil, ...refunds.map(({ sentAt }) => sentAt));
  const undone = { counted: NOTHING, marked: NOTHING, stays: NOTHING, certainUntil };
  return { ...facts, ...ended, ...undone, packs: { ...packs, counted: [] } };
}

/** When a reservation expires, on the monotonic clock of this process. */
export function expiryOf(expiresAt: string): number {
  return Date.parse(expiresAt) - middleOfAYearOffsetMs() - Date.now() + performance.now();
}

export function amountsOf({ amount, amounts }: Operation): Amounts {
  return { [UNITS_METER]: amount, ...amounts };
}

/** What is committed of these amounts: a meter that is not named, as held. */
export function committedOf(held: Amounts, { amount, amounts }: CommitRequest): Amounts {
  return { ...held, ...(amount !== undefined && { [UNITS_METER]: amount }), ...amounts };
}

export function succeeded({ answer }: Asking): boolean {
  return answer.kind === 'ended' || answer.kind === 'refunded';
}

function keptFor(counted: Amounts, certainUntil = Infinity): Ended {
  return { counted, marked: NOTHING, stays: counted, certainUntil, isEndedWithoutStore: false };
}

function endOfHold(operation: Operation, allowed: readonly Attempt[], askings: readonly Asking[]): Ended {
  const endings = askings.filter(({ ending }) => ending.verb === 'commit' || ending.verb === 'release');
  const [first] = endings;
  const expiry = Math.min(...allowed.map(expiryIn)) - CLOCK_MS;
  const certainUntil = Math.min(expiry, ...endings.map(({ sentAt }) => sentAt));
  const held = committedOf(amountsOf(operation), extensionIn(askings)?.body ?? {});
  if (!endings.some(succeeded)) {
    const expired = keptFor(operation.hold?.onExpiry === 'commit' ? held : NOTHING, certainUntil);
    // Where an ending was asked for and not answered, nothing is certain.
    return first === undefined ? expired : { ...expired, stays: NOTHING };
  }
  if (first?.ending.verb !== 'commit') return keptFor(NOTHING, certainUntil);
  const counted = committedOf(held, first.ending.body);
  const answers = endings.flatMap(({ answer }) => (answer.kind === 'ended' ? [answer.body] : []));
  if (answers.some(({ reservation }) => reservation.late))
    return { ...keptFor(counted, certainUntil), marked: counted, stays: NOTHING };
  const { units } = addedTo(amountsOf(operation), askings);
  const stays = lesser(counted, sumOf(amountsOf(operation), units));
  const marked = differenceOf(counted, stays);
  const isEndedWithoutStore = answers.some(({ degraded }) => degraded !== null);
  return { counted, marked, stays: isEndedWithoutStore ? NOTHING : stays, certainUntil, isEndedWithoutStore };
}

/** As the store itself has answered. It decides an operation twice where it has lost the first time: what it did the last time is there. */
function packsOf({ hold }: Operation, allowed: readonly Attempt[], askings: readonly Asking[]): PackParts {
  const exact = allowed.map((attempt) => decisionOf(attempt)!).filter(({ degraded }) => degraded === null);
  const first = exact.findLast(({ replayed }) => !replayed) ?? exact[0];
  const taken = first?.packs ?? first?.reservation?.packs ?? [];
  if (hold === undefined) return { taken, extended: taken, counted: taken };
  const reservations = askings.filter(isByTheStore).map(({ answer }) => reservationIn(answer));
  const extended = reservations.find((one) => one?.state === 'held')?.packs ?? taken;
  const ending = reservations.findLast((one) => one !== undefined && one.state !== 'held');
  if (ending) return { taken, extended, counted: ending.packs ?? [] };
  return { taken, extended, counted: hold.onExpiry === 'commit' ? extended : [] };
}

/** Held still, where it was extended. */
function reservationIn(answer: Asking['answer']): Reservation | undefined {
  if (answer.kind === 'ended') return answer.body.reservation;
  return answer.kind === 'extended' && answer.body.allowed
    ? (answer.body.reservation ?? undefined)
    : undefined;
}

function extensionIn(askings: readonly Asking[]) {
  return askings
    .map(({ ending, answer }) => {
      const isAllowed = answer.kind === 'extended' && answer.body.allowed;
      return ending.verb === 'extend' && isAllowed ? { body: ending.body, answer } : undefined;
    })
    .find((extension) => extension !== undefined);
}

/** What the store itself has added to what is held. */
function addedTo(taken: Amounts, askings: readonly Asking[]): Fate['added'] {
  const exact = askings.filter(isByTheStore);
  const extension = extensionIn(exact);
  if (extension === undefined) return NOTHING_ADDED;
  const from = Math.min(
    ...exact.filter(({ answer }) => answer === extension.answer).map(({ endedAt }) => endedAt),
  );
  return { units: differenceOf(committedOf(taken, extension.body), taken), from };
}

function lesser(one: Amounts, other: Amounts): Amounts {
  return mapped(one, (units, meter) => Math.min(units, other[meter] ?? 0));
}

function differenceOf(one: Amounts, other: Amounts): Amounts {
  return mapped(one, (units, meter) => units - (other[meter] ?? 0));
}

function sumOf(one: Amounts, other: Amounts): Amounts {
  return mapped(one, (units, meter) => units + (other[meter] ?? 0));
}

function mapped(amounts: Amounts, change: (units: number, meter: string) => number): Amounts {
  return Object.fromEntries(Object.entries(amounts).map(([meter, units]) => [meter, change(units, meter)]));
}

function expiryIn(attempt: Attempt): number {
  const reservation = decisionOf(attempt)?.reservation;
  return reservation ? expiryOf(reservation.expiresAt) : Infinity;
}
