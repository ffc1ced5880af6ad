import { settle, type Settlement } from './reservation-model-settlements.js';
import { apply, look, type Call, type Shape, type Store } from './reservation-model.js';

/** A call to a store, as it was recorded. */
export interface Recorded {
  readonly call: Call | Settlement;
  /** By the store's clock it ran, if it did, not before the one and not after the other. */
  readonly from: number;
  readonly to: number;
  /** What else is known of the order: when it began and was answered, by the count of both among all calls. */
  readonly begun?: number;
  readonly ended?: number;
  /** Absent where it was lost: the call may have run, or not. */
  readonly answer?: Observed | undefined;
}

/** What of a store's answer the model has, too. */
export interface Observed {
  readonly outcome: string;
  /** Of the windows of then. */
  readonly counts?: readonly { readonly limit: number; readonly used: number; readonly reserved: number }[];
}

export type Judged =
  | { readonly isAdmitted: true }
  /** No order of the calls, and no instants for them, give these answers. The longest start that one explains, and what is left. */
  | { readonly isAdmitted: false; readonly explained: readonly string[]; readonly left: readonly Recorded[] };

/**
 * Whether a recorded history is one that the model could have had: whether there is an order of the calls, and an instant for
 * each, that gives all these answers (linearizability, as Wing and Gong check it: "Testing and Verifying Concurrent Objects",
 * 1993). A call that was answered before another began comes before it.
 */
export function judge(shape: Shape, history: readonly Recorded[], operations: number): Judged {
  const counters = shape.limits.map((limit) => ({ window: shape.windowAt(limit, 0), used: 0, reserved: 0 }));
  const store = { now: 0, counters, operations: Array.from({ length: operations }, () => null) };
  const search = new Search(shape);
  if (search.explains(store, history, [])) return { isAdmitted: true };
  return { isAdmitted: false, ...search.best };
}

class Search {
  readonly #shape: Shape;
  readonly #failed = new Set<string>();
  best: { explained: readonly string[]; left: readonly Recorded[] } = { explained: [], left: [] };

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  explains(store: Store, left: readonly Recorded[], explained: readonly string[]): boolean {
    const answered = left.filter(({ answer }) => answer);
    if (explained.length >= this.best.explained.length) this.best = { explained, left };
    if (answered.length === 0) return true;
    const key = JSON.stringify([store, left]);
    if (this.#failed.has(key)) return false;
    const first = Math.min(...answered.map(({ to }) => to));
    const firstEnded = Math.min(...answered.map(({ ended = Infinity }) => ended));
    for (const next of left) {
      if (next.from > first || (next.begun ?? -Infinity) > firstEnded) continue;
      const rest = left.filter((other) => other !== next);
      for (const now of this.#instantsOf(store, next)) {
        const after = this.#run({ ...store, now }, next);
        if (after && this.explains(after, rest, [...explained, `${now} ${nameOf(next)}`])) return true;
      }
    }
    this.#failed.add(key);
    if (this.#failed.size > MAX_FAILED)
      throw new Error(`Too many calls at once to judge: ${left.map(nameOf).join(', ')}`);
    return false;
  }

  /** One of each stretch of time in which the model does the same; of the first and the last instant, since a hold counts from it. */
  #instantsOf({ now, operations }: Store, { from, to, call }: Recorded): number[] {
    const earliest = Math.max(now, from);
    const turns = operations.flatMap((each) => (each ? [each.expiresAt, each.until] : []));
    if ('deadline' in call) turns.push(call.deadline + 1);
    const starts = this.#shape.limits.map((limit) => startIn(this.#shape, limit, earliest, to));
    const within = [...turns, ...starts.flat()].filter((instant) => instant > earliest && instant <= to);
    const latest = Number.isFinite(to) ? [to] : [];
    return earliest > to ? [] : [...new Set([earliest, ...within, ...latest])].sort((a, b) => a - b);
  }

  /** Undefined where it was answered otherwise. */
  #run(store: Store, { call, answer }: Recorded): Store | undefined {
    const shape = this.#shape;
    const after = 'intent' in call ? settle(shape, store, call) : apply(shape, store, call);
    if (answer === undefined) return after.store;
    if (answer.outcome !== after.outcome) return undefined;
    const { now, counters } = look(shape, after.store);
    for (const { limit, used, reserved } of answer.counts ?? []) {
      const counter = counters[limit]!;
      const isOpen = counter.window === shape.windowAt(shape.limits[limit]!, now);
      if (used !== (isOpen ? counter.used : 0) || reserved !== (isOpen ? counter.reserved : 0))
        return undefined;
    }
    return after.store;
  }
}

/** Where the window changes between two instants, if it does once. */
function startIn(shape: Shape, limit: Shape['limits'][number], from: number, to: number): number[] {
  if (to - from > MAX_SPAN || shape.windowAt(limit, from) === shape.windowAt(limit, to)) return [];
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shape.windowAt(limit, middle) === shape.windowAt(limit, from)) low = middle;
    else high = middle;
  }
  return [high];
}

/** Of a few KB each: a process that runs out of memory does not say what of. */
const MAX_FAILED = 50_000;

/** A lost call may run whenever it likes; windows that are longer than a minute change at most once in this. */
const MAX_SPAN = 60_000;

function nameOf({ call, answer }: Recorded): string {
  const name = 'intent' in call ? `settle ${call.intent}` : call.verb;
  const operation = 'operation' in call ? ` ${call.operation}` : '';
  return `${name}${operation}: ${answer?.outcome ?? 'lost'}`;
}
