import { hasRoom, isPack, NOTHING, spread } from './reservation-model-counters.js';
import { partsOf, unitsOf as unitsTaken } from './reservation-model-packs.js';
import type { Settlement } from './reservation-model-settlements.js';
import {
  look,
  type Ending,
  type Guard,
  type Hold,
  type ModelLimit,
  type Part,
  type Refund,
  type Remembered,
  type Shape,
  type Store,
  type Take,
  type Units,
} from './reservation-model.js';

/**
 * Everything that can happen to a few operations: callers ask, repeat, end and refund; nodes give calls up and decide
 * themselves; replies are lost, calls arrive late, settlements are repeated and overtake each other; time passes.
 *
 * Two nodes differ in nothing that this world could show: every message is on its own, and so is every settlement, whichever
 * node sends it. An attempt is a request to a node.
 *
 * Of callers it is assumed that they know how an operation stands before they go on with it, and wait with its ending for the
 * deadline of what they have given up; that they repeat an ending, and try
 * another one only when the store itself has answered; and that they use the id of an operation again only later than the
 * store has answered that it was given back.
 */
export interface Scenario {
  readonly limits: readonly ModelLimit[];
  /** Instants in a day. */
  readonly day: number;
  readonly lastInstant: number;
  readonly rememberFor: number;
  readonly rememberSettledFor: number;
  /** How many replies are lost and calls given up, at most. */
  readonly faults: number;
  readonly plans: readonly Plan[];
}

/** What the caller of one operation may do. */
export interface Plan {
  readonly verb: 'take' | 'hold';
  readonly amounts: Units;
  readonly ttl?: number;
  readonly onExpiry?: Remembered['onExpiry'];
  /** How often it may ask, under the same id. */
  readonly attempts: number;
  /** How often it may send one of these. */
  readonly endings?: number;
  readonly commits?: readonly Units[];
  readonly releases?: boolean;
  readonly extendsTo?: { readonly amounts: Units; readonly ttl: number };
  readonly refunds?: number;
}

/** A call to the store that a node makes for a caller. */
export type Called = Take | Hold | Ending | Refund;

/** `awaited`: a caller waits for the answer. `given up`: a node has answered; the call may still arrive. `pending`: until answered. */
export type Message =
  | { readonly state: 'awaited' | 'given up'; readonly call: Called }
  | { readonly state: 'pending'; readonly settlement: Settlement };

/** What the caller of an operation knows: what the counters have to agree with. */
export interface Known {
  readonly state: 'none' | 'counted' | 'held' | 'committed' | 'released' | 'refunded';
  /** The one that its reservation came from. */
  readonly attempt: number;
  readonly parts: readonly Part[];
  readonly counted: readonly Part[];
  readonly at: number;
  readonly expiresAt: number;
  readonly endedAt: number;
  readonly onExpiry: Remembered['onExpiry'];
  /** The store has said that it is held. */
  readonly wasHeld: boolean;
  /** An answer marks it: degraded, overage or late. It may be above the max. */
  readonly isMarked: boolean;
  readonly asks: number;
  readonly endings: number;
  /** The ending that was sent, as text. */
  readonly ending: string;
  readonly isConfirmed: boolean;
  /** Another ending was sent, too. */
  readonly isContrary: boolean;
  readonly isExtended: boolean;
  readonly refunds: number;
}

export interface World {
  readonly store: Store;
  readonly messages: readonly Message[];
  readonly callers: readonly Known[];
  readonly faults: number;
}

export interface Step {
  readonly label: string;
  readonly world: World;
  /** What is wrong with the answer, by what callers know: it was refused and there was room, say. */
  readonly wrong?: string | undefined;
}

export function shapeOf({ limits, day, rememberFor, rememberSettledFor }: Scenario, without?: Guard): Shape {
  const windowAt = ({ window }: ModelLimit, now: number) => (window === 'day' ? Math.floor(now / day) : 0);
  return { limits, windowAt, rememberFor, rememberSettledFor, without };
}

export function beginning({ limits, plans, faults }: Scenario): World {
  const counters = limits.map(() => ({ window: 0, used: 0, reserved: 0 }));
  const operations = plans.map(() => null);
  return {
    store: { now: 0, counters, operations },
    messages: [],
    callers: plans.map(() => STRANGER),
    faults,
  };
}

export const STRANGER: Known = {
  state: 'none',
  attempt: -1,
  parts: NOTHING,
  counted: NOTHING,
  at: 0,
  expiresAt: 0,
  endedAt: 0,
  onExpiry: 'release',
  wasHeld: false,
  isMarked: false,
  asks: 0,
  endings: 0,
  ending: '',
  isConfirmed: false,
  isContrary: false,
  isExtended: false,
  refunds: 0,
};

/** What is wrong with this world, in one sentence. */
export function violationOf(shape: Shape, { store, messages, callers }: World): string | undefined {
  // As the next call will find it.
  const { now, counters } = look(shape, store);
  if (messages.length === 0 && callers.some((caller) => isWronglySplit(shape, caller)))
    return 'I2: windows and packs do not add up to what was committed';
  for (const [index, limit] of shape.limits.entries()) {
    const { window, used, reserved } = counters[index]!;
    const marked = callers
      .filter(({ isMarked }) => isMarked)
      .flatMap(({ parts, counted }) => [...parts, ...counted]);
    if (used + reserved > limit.max + (isPack(limit) ? 0 : unitsOf(marked, index)))
      return `I1: ${used} used and ${reserved} reserved of ${limit.max}`;
    if (messages.length > 0) continue;
    const counts = callers.map((caller) => countsOf(shape, caller, now));
    const later = counts
      .flatMap((each) => [...each.used, ...each.reserved])
      .filter((part) => part.window > window);
    const inWindow = (parts: readonly Part[]) =>
      unitsOf(
        parts.filter((part) => part.window === window),
        index,
      );
    const expected = {
      used: inWindow(counts.flatMap((each) => each.used)),
      reserved: inWindow(counts.flatMap((each) => each.reserved)),
    };
    if (used !== expected.used || unitsOf(later, index) > 0)
      return `I2: ${used} used of ${limit.meter} and not ${expected.used}, nor ${unitsOf(later, index)} later`;
    if (reserved !== expected.reserved)
      return `I15: ${reserved} reserved of ${limit.meter} and not ${expected.reserved}`;
  }
  return undefined;
}

/** What it was committed with, windows and packs have of it together. */
function isWronglySplit(shape: Shape, { state, ending, counted }: Known): boolean {
  if (state !== 'committed' || !shape.limits.some(isPack)) return false;
  const { verb, amounts } = JSON.parse(ending) as Pick<Ending, 'verb' | 'amounts'>;
  const taken = unitsTaken(shape, counted);
  return verb === 'commit' && Object.entries(amounts).some(([meter, units]) => (taken[meter] ?? 0) !== units);
}

/** What the counters should have of an operation, as its caller knows it. */
function countsOf(
  shape: Shape,
  caller: Known,
  now: number,
): { used: readonly Part[]; reserved: readonly Part[] } {
  const { state, parts, counted, expiresAt, onExpiry } = caller;
  switch (state) {
    case 'counted':
      return { used: parts, reserved: NOTHING };
    case 'committed':
      return { used: counted, reserved: NOTHING };
    case 'held':
      if (now < expiresAt) return { used: NOTHING, reserved: parts };
      return { used: onExpiry === 'commit' ? spread(shape, parts, {}) : NOTHING, reserved: NOTHING };
    case 'none':
    case 'released':
    case 'refunded':
      return { used: NOTHING, reserved: NOTHING };
    default:
      return state satisfies never;
  }
}

function unitsOf(parts: readonly Part[], index: number): number {
  return parts.reduce((sum, { limit, amount }) => (limit === index ? sum + amount : sum), 0);
}

/** What a call takes where all that callers know of is counted, and nothing else; undefined: there is no room for it. */
export function fitting(
  shape: Shape,
  { store, callers }: World,
  call: Parameters<typeof partsOf>[2],
): readonly Part[] | undefined {
  const known = callers
    .map((caller) => countsOf(shape, caller, store.now))
    .flatMap(({ used, reserved }) => [...used, ...reserved]);
  const counters = shape.limits.map((limit, index) => {
    const window = isPack(limit) ? 0 : shape.windowAt(limit, store.now);
    const inWindow = known.filter((part) => part.window === window);
    return { window, used: unitsOf(inWindow, index), reserved: 0 };
  });
  const parts = partsOf(shape, { now: store.now, counters }, call);
  return parts.every((part) => hasRoom(shape, counters, part)) ? parts : undefined;
}

/** Where a message stands among others says nothing. */
export function post(world: World, message: Message): World {
  const text = JSON.stringify(message);
  const after = world.messages.findIndex((other) => JSON.stringify(other) > text);
  const messages = world.messages.toSpliced(after < 0 ? world.messages.length : after, 0, message);
  return { ...world, messages };
}

export function informed(world: World, operation: number, change: Partial<Known>): World {
  return { ...world, callers: world.callers.with(operation, { ...world.callers[operation]!, ...change }) };
}
