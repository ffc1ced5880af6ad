import {
  UNITS_METER,
  type Amounts as AmountsByMeter,
  type OnExpiry,
  type ReservationPack,
  type ReservationState,
} from '@sundial/contract';
import type { Amounts } from './amounts.js';
import { unitsIn } from './amounts-by-meter.js';

/** A part of what an operation took: so many units of a meter from a pack. */
export type PackPart = ReservationPack;

/** What they give of each meter. */
export function givenBy(parts: readonly PackPart[]): AmountsByMeter {
  const given = new Map<string, number>();
  for (const { meter, taken } of parts) given.set(meter, (given.get(meter) ?? 0) + taken);
  return Object.fromEntries(given);
}

/** What an operation counts in windows: without what packs gave. */
export function withoutPacks({ amount, amounts }: Amounts, parts: readonly PackPart[]): Amounts {
  const less = new Map(Object.entries(amounts ?? {}));
  let units = amount;
  for (const { meter, taken } of parts) {
    if (meter === UNITS_METER) units = Math.max(units - taken, 0);
    else less.set(meter, Math.max((less.get(meter) ?? 0) - taken, 0));
  }
  return amounts === undefined ? { amount: units } : { amount: units, amounts: Object.fromEntries(less) };
}

/** The same of units by meter. */
export function inWindows(amounts: AmountsByMeter, parts: readonly PackPart[]): AmountsByMeter {
  if (parts.length === 0) return amounts;
  const rest = new Map(Object.entries(amounts));
  for (const { meter, taken } of parts) rest.set(meter, Math.max((rest.get(meter) ?? 0) - taken, 0));
  return Object.fromEntries(rest);
}

/**
 * What stays taken from packs where of what is held so much is committed: windows are charged first, then the packs, in the order
 * in which they gave.
 */
export function keptParts(
  parts: readonly PackPart[],
  held: AmountsByMeter,
  committed: AmountsByMeter,
): readonly PackPart[] {
  if (parts.length === 0) return parts;
  const windows = inWindows(held, parts);
  const rest = new Map(
    Object.entries(committed).map(([meter, units]) => [meter, Math.max(units - unitsIn(windows, meter), 0)]),
  );
  return parts.map(({ id, meter, taken }) => {
    const left = rest.get(meter) ?? 0;
    const kept = Math.min(taken, left);
    rest.set(meter, left - kept);
    return { id, meter, taken: kept };
  });
}

/** The parts, and what else is taken. */
export function joinedParts(parts: readonly PackPart[], more: readonly PackPart[]): readonly PackPart[] {
  const joined = parts.map((part) => {
    const added = more.find(({ id }) => id === part.id)?.taken ?? 0;
    return added === 0 ? part : { ...part, taken: part.taken + added };
  });
  const others = more.filter(({ id }) => !parts.some((part) => part.id === id));
  return [...joined, ...others.map(({ id, meter, taken }) => ({ id, meter, taken }))];
}

/** As a reservation in this state shows them: what its expiry has given back is not taken any more. */
export function shownParts(
  parts: readonly PackPart[] | undefined,
  { state, onExpiry }: { readonly state: ReservationState; readonly onExpiry: OnExpiry },
): { readonly packs?: readonly PackPart[] } {
  const isBack = state === 'released' || (state === 'expired' && onExpiry === 'release');
  return parts === undefined || parts.length === 0 || isBack ? {} : { packs: parts };
}

/** The content of an operation as it is recorded, with what packs gave behind it. */
export function contentWithPacks(content: string, parts: readonly PackPart[]): string {
  const texts = parts.map(({ id, meter, taken }) => `${id}/${meter}/${taken.toString(36)}`);
  return `${content}!${texts.join(',')}`;
}

/** An operation that was counted, as it is counted once more where the store has lost it: what packs gave is in no window. */
export function countedAgain<O extends { readonly content: string }>(
  { operation, amount, amounts }: Amounts & { readonly operation: O },
  parts: readonly PackPart[],
): Amounts & { readonly operation: O } {
  const taken = { amount, ...(amounts && { amounts }) };
  const recorded = { ...operation, content: contentWithPacks(operation.content, parts) };
  return { operation: recorded, ...withoutPacks(taken, parts) };
}

/** What was recorded: the content, and what packs gave. */
export function splitContent(recorded: string): {
  readonly content: string;
  readonly parts: readonly PackPart[];
} {
  const at = recorded.indexOf('!');
  if (at < 0) return { content: recorded, parts: NONE };
  const parts = recorded
    .slice(at + 1)
    .split(',')
    .map((text): PackPart => {
      const [id, meter, taken] = text.split('/');
      return { id: id!, meter: meter!, taken: parseInt(taken!, 36) };
    });
  return { content: recorded.slice(0, at), parts };
}

const NONE: readonly PackPart[] = [];
