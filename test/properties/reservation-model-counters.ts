import {
  keeps,
  type Counter,
  type ModelLimit,
  type Part,
  type Shape,
  type Units,
} from './reservation-model.js';

export const NOTHING: readonly Part[] = [];

/** What an operation takes of windows now: of each limit its meter's units, and of `concurrent` ones only while they are held. */
export function partsNow(
  shape: Shape,
  now: number,
  { verb, amounts }: { readonly verb: 'take' | 'hold'; readonly amounts: Units },
): readonly Part[] {
  return shape.limits.flatMap((limit, index) => {
    if (isPack(limit)) return [];
    const amount = isConcurrent(limit) && verb === 'take' ? 0 : (amounts[limit.meter] ?? 0);
    return amount > 0 ? [{ limit: index, window: shape.windowAt(limit, now), amount }] : [];
  });
}

/** Units that stand in where windows have no room, and that no window resets: it is in one window for ever. */
export function isPack({ window }: ModelLimit): boolean {
  return window === 'pack';
}

function isConcurrent({ window }: ModelLimit): boolean {
  return window === 'concurrent';
}

/** Whether the limit has room for it in its window. A window that nothing was counted in yet is empty. */
export function hasRoom(
  shape: Shape,
  counters: readonly Counter[],
  { limit, window, amount }: Part,
): boolean {
  const counter = counters[limit]!;
  if (!keeps(shape, roomGuard(shape.limits[limit]!))) return true;
  const { used, reserved } = counter.window === window ? counter : { used: 0, reserved: 0 };
  const held = keeps(shape, 'what is held takes room') ? reserved : 0;
  return used + held + amount <= shape.limits[limit]!.max;
}

function roomGuard(limit: ModelLimit) {
  return isPack(limit) ? 'a pack gives what it has, and no more' : 'no more than there is room for';
}

/**
 * Adds the parts to the windows that they are of, or takes them off. A window that is over, because the counter is in a
 * later one, is never changed; one that is not open yet opens for what is added.
 */
export function change(
  shape: Shape,
  counters: readonly Counter[],
  parts: readonly Part[],
  field: 'used' | 'reserved',
  sign: 1 | -1,
): readonly Counter[] {
  let changed = counters;
  for (const part of parts) {
    const { limit, window, amount } = sign < 0 ? returned(shape, part) : part;
    const counter = changed[limit]!;
    const isSame = counter.window === window || !keeps(shape, 'units go back to the window they came from');
    if (isSame || (window > counter.window && sign > 0)) {
      const from = isSame ? counter : { window, used: 0, reserved: 0 };
      changed = changed.with(limit, { ...from, [field]: from[field] + sign * amount });
    }
  }
  return changed;
}

/** What comes back goes where it came from. */
function returned(shape: Shape, part: Part): Part {
  const { meter, ...limit } = shape.limits[part.limit]!;
  if (!isPack({ meter, ...limit }) || keeps(shape, 'units go back to the pack they came from')) return part;
  return { ...part, limit: shape.limits.findIndex((other) => other.meter === meter) };
}

/**
 * What a commit of these amounts counts of what was held. It fills the parts in the order in which they were taken; what is
 * more goes to the last one. Of `concurrent` limits nothing is ever counted.
 */
export function spread(shape: Shape, held: readonly Part[], amounts: Units): readonly Part[] {
  const counted: Part[] = [];
  for (const [limit, { meter, ...rest }] of shape.limits.entries()) {
    const parts = held.filter((part) => part.limit === limit);
    if (parts.length === 0 || isConcurrent({ meter, ...rest })) continue;
    let left = amounts[meter] ?? parts.reduce((sum, { amount }) => sum + amount, 0);
    for (const [index, part] of parts.entries()) {
      const amount = index === parts.length - 1 ? left : Math.min(left, part.amount);
      if (amount > 0) counted.push({ ...part, amount });
      left -= amount;
    }
  }
  return counted;
}

/** Units by meter. */
export function totals(shape: Shape, parts: readonly Part[]): Units {
  const units: Record<string, number> = {};
  for (const [limit, { meter }] of shape.limits.entries()) {
    const ofLimit = parts.filter((part) => part.limit === limit);
    if (ofLimit.length > 0) units[meter] = ofLimit.reduce((sum, { amount }) => sum + amount, 0);
  }
  return units;
}
