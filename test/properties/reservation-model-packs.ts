import { change, hasRoom, isPack, NOTHING, partsNow, spread } from './reservation-model-counters.js';
import {
  keeps,
  type Part,
  type Remembered,
  type Shape,
  type Store,
  type Units,
} from './reservation-model.js';

/** Where a store stands, as far as it says what fits. */
type Room = Pick<Store, 'now' | 'counters'>;

/**
 * What an operation takes: of each window as far as all windows of the meter have room, and the rest from packs. Where packs don't have
 * it, all of it of the windows, which lack room.
 */
export function partsOf(
  shape: Shape,
  room: Room,
  call: { readonly verb: 'take' | 'hold'; readonly amounts: Units },
): readonly Part[] {
  const parts = partsNow(shape, room.now, call);
  if (!shape.limits.some(isPack)) return parts;
  const split = Object.entries(call.amounts).flatMap(([meter, amount]) => {
    const isOfMeter = ({ limit }: Part) => shape.limits[limit]!.meter === meter;
    const its = parts.filter(isOfMeter);
    const inWindows = its.filter(({ limit }) => shape.limits[limit]!.window !== 'concurrent');
    const lacks = keeps(shape, 'windows come before packs')
      ? Math.max(0, ...inWindows.map((part) => Math.min(amount, lackOf(shape, room, part))))
      : amount;
    const { given, rest } = fromPacks(shape, room, { meter, amount: lacks });
    if (rest > 0) return its;
    return [
      ...its.filter((part) => !inWindows.includes(part)),
      ...inWindows.map((part) => ({ ...part, amount: part.amount - lacks })),
      ...given,
    ];
  });
  return split.filter(({ amount }) => amount > 0);
}

function lackOf(shape: Shape, { counters }: Room, part: Part): number {
  let lack = 0;
  while (lack < part.amount && !hasRoom(shape, counters, { ...part, amount: part.amount - lack })) lack++;
  return lack;
}

/** What packs give of it, in their order, and what they don't have. */
function fromPacks(
  shape: Shape,
  { counters }: Room,
  { meter, amount }: { readonly meter: string; readonly amount: number },
): { readonly given: readonly Part[]; readonly rest: number } {
  const given: Part[] = [];
  let rest = amount;
  for (const [limit, each] of shape.limits.entries()) {
    if (!isPack(each) || each.meter !== meter) continue;
    const asked = { limit, window: 0, amount: rest };
    const units = rest - lackOf(shape, { now: 0, counters }, asked);
    if (units > 0) given.push({ ...asked, amount: units });
    rest -= units;
  }
  return { given, rest };
}

/**
 * What a commit counts of what was held: windows are charged first, then the packs that gave; what is more goes to windows while they
 * have room, then to packs, and then to the windows above the max. So does what others have taken of a pack since expiry gave it back.
 * `counters`: without what was held and counted of it.
 */
export function committed(
  shape: Shape,
  room: Room,
  { held }: Pick<Remembered, 'held'>,
  amounts: Units,
): readonly Part[] {
  const ofPacks = held.filter(({ limit }) => isPack(shape.limits[limit]!));
  const inWindows = held.filter(
    ({ limit }) => !isPack(shape.limits[limit]!) && shape.limits[limit]!.window !== 'concurrent',
  );
  const meters = new Set(held.map(({ limit }) => shape.limits[limit]!.meter));
  const kept = [...meters].flatMap((meter) => {
    const isOfMeter = ({ limit }: Part) => shape.limits[limit]!.meter === meter;
    const gave = ofPacks.filter(isOfMeter);
    const windowed = mostOf(inWindows.filter(isOfMeter));
    const wanted = amounts[meter] ?? windowed + sumOf(gave);
    const charged = keeps(shape, 'a commit charges windows first')
      ? windowed
      : windowed - Math.min(windowed, sumOf(gave));
    let rest = Math.max(0, wanted - charged);
    const again: Part[] = [];
    for (const part of gave) {
      const asked = { ...part, amount: Math.min(part.amount, rest) };
      const units = asked.amount - lackOf(shape, room, asked);
      if (units > 0) again.push({ ...part, amount: units });
      rest -= units;
    }
    const more = Math.max(0, wanted - windowed - sumOf(gave));
    const extra = moreOf(shape, room, { meter, amount: Math.min(more, rest), before: windowed, again });
    const counted = Math.min(wanted, windowed) + rest - sumOf(extra);
    return [...windowsOf(shape, room, inWindows, { meter, amount: counted }), ...joined(again, extra)];
  });
  return kept.filter(({ amount }) => amount > 0);
}

/** What packs give of what is above all that was held, after the windows of now. */
function moreOf(
  shape: Shape,
  { now, counters }: Room,
  {
    meter,
    amount,
    before,
    again,
  }: {
    readonly meter: string;
    readonly amount: number;
    readonly before: number;
    readonly again: readonly Part[];
  },
): readonly Part[] {
  if (amount === 0) return NOTHING;
  const taken = change(shape, counters, again, 'used', 1);
  const windows = partsNow(shape, now, { verb: 'take', amounts: { [meter]: before + amount } });
  const lack = Math.max(0, ...windows.map((part) => lackOf(shape, { now, counters: taken }, part)));
  return fromPacks(shape, { now, counters: taken }, { meter, amount: Math.min(lack, amount) }).given;
}

function windowsOf(
  shape: Shape,
  { now }: Room,
  inWindows: readonly Part[],
  { meter, amount }: { readonly meter: string; readonly amount: number },
): readonly Part[] {
  const spreadOut = spread(shape, inWindows, { [meter]: amount });
  // Where packs gave all of it, no window was asked for before.
  return partsNow(shape, now, { verb: 'take', amounts: { [meter]: amount } }).flatMap((part) => {
    const its = spreadOut.filter(({ limit }) => limit === part.limit);
    return its.length > 0 ? its : [part];
  });
}

function joined(parts: readonly Part[], more: readonly Part[]): readonly Part[] {
  const limits = [...new Set([...parts, ...more].map(({ limit }) => limit))];
  return limits.map((limit) => ({
    ...{ limit, window: 0 },
    amount: sumOf([...parts, ...more].filter((part) => part.limit === limit)),
  }));
}

/** Of the limits of one meter, which all have the same units: those of one of them. */
function mostOf(parts: readonly Part[]): number {
  const limits = [...new Set(parts.map(({ limit }) => limit))];
  return Math.max(0, ...limits.map((limit) => sumOf(parts.filter((part) => part.limit === limit))));
}

function sumOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { amount }) => sum + amount, 0);
}

/** Of each meter: what windows have of it, each of them the same, and what packs gave. */
export function unitsOf(shape: Shape, parts: readonly Part[]): Units {
  const meters = [...new Set(parts.map(({ limit }) => shape.limits[limit]!.meter))];
  return Object.fromEntries(
    meters.map((meter) => {
      const its = parts.filter(({ limit }) => shape.limits[limit]!.meter === meter);
      const ofPacks = its.filter(({ limit }) => isPack(shape.limits[limit]!));
      return [meter, mostOf(its.filter((part) => !ofPacks.includes(part))) + sumOf(ofPacks)];
    }),
  );
}
