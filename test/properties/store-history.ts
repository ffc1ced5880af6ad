import type { Store } from '@sundial/engine';
import type {
  CounterRef,
  LimitOverride,
  LimitSpec,
  OverrideWrite,
  ReadRequest,
  SettleRequest,
  TakeRequest,
  WindowIndex,
} from '@sundial/engine/ports';
import fc from 'fast-check';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LENGTHS = {
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  '(hour|tokens)': HOUR_MS,
  '(day|tokens)': DAY_MS,
  '(day|a.b:c_d-e)': DAY_MS,
} as const;
type Field = keyof typeof LENGTHS;
const FIELDS = Object.keys(LENGTHS) as Field[];

/** Half a minute from every boundary, and so are all instants that whole minutes lead to. */
const BEGINNING = Date.UTC(2026, 10, 22, 12, 20, 30);
/** A clock is not set back by more than the hour for which stores keep what is over. */
const FARTHEST_BACK_MS = 50 * MINUTE_MS;

interface Limit {
  readonly field: Field;
  readonly max: number;
  readonly enforced: boolean;
}

interface Asked {
  readonly counters: readonly { readonly name: number; readonly limits: readonly Limit[] }[];
  readonly id: number;
  readonly content: number;
  readonly amount: number;
  readonly amounts: Readonly<Record<string, number>> | undefined;
  /** Whole windows by which the caller's clock is behind: 1 still offers the current one, 2 does not. */
  readonly behind: number;
  readonly isLate: boolean;
}

interface Settled {
  readonly which: number;
  readonly intent: SettleRequest['intent'];
  readonly windows: readonly WindowIndex[];
}

/** An override of limits, from and until whole windows of half an hour from now. */
interface Overridden {
  readonly limits: readonly (readonly [field: Field, override: LimitOverride])[];
  readonly from: number | undefined;
  readonly until: number | undefined;
}

/** One thing that happens to a store. `which` and `again` point back into what was asked before. */
export type Step =
  | { readonly kind: 'take'; readonly together: readonly Asked[] }
  | { readonly kind: 'take again'; readonly which: number }
  | {
      readonly kind: 'settle';
      readonly together: readonly Settled[];
    }
  | { readonly kind: 'read'; readonly asked: Asked }
  | { readonly kind: 'override'; readonly name: number; readonly override: Overridden | undefined }
  | { readonly kind: 'set the clock'; readonly minutes: number };

const anyLimits = fc.uniqueArray(
  fc.record({
    field: fc.constantFrom(...FIELDS),
    max: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constant(Number.MAX_SAFE_INTEGER)),
    enforced: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  }),
  { selector: ({ field }) => field, minLength: 1, maxLength: 4 },
);

const anyUnits = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 4 }) },
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1, 2 ** 52),
);

const anyAsked: fc.Arbitrary<Asked> = fc.record({
  counters: fc.uniqueArray(fc.record({ name: fc.nat({ max: 2 }), limits: anyLimits }), {
    selector: ({ name }) => name,
    minLength: 1,
    maxLength: 3,
  }),
  id: fc.nat({ max: 5 }),
  content: fc.nat({ max: 1 }),
  amount: anyUnits,
  amounts: fc.option(
    fc.dictionary(fc.constantFrom('tokens', 'a.b:c_d-e', 'of no limit'), anyUnits, { maxKeys: 3 }),
    { nil: undefined },
  ),
  behind: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, -1),
  isLate: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
});

const anySettled: fc.Arbitrary<Settled> = fc.record({
  which: fc.nat(),
  intent: fc.constantFrom('count', 'void'),
  windows: fc.array(fc.constantFrom('current', 'next'), { minLength: 12, maxLength: 12 }),
});

const anyOverride: fc.Arbitrary<Overridden> = fc.record({
  limits: fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...FIELDS),
      fc.oneof(
        fc.record({ set: fc.oneof(fc.nat({ max: 8 }), fc.constantFrom(null, Number.MAX_SAFE_INTEGER)) }),
        fc.record({ add: fc.oneof(fc.nat({ max: 8 }), fc.constant(Number.MAX_SAFE_INTEGER)) }),
      ),
    ),
    { selector: ([field]) => field, minLength: 1, maxLength: 4 },
  ),
  from: fc.constantFrom(undefined, undefined, -1, 1),
  until: fc.constantFrom(undefined, undefined, 2, 50),
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take'),
      together: fc.array(anyAsked, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take again'), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      together: fc.array(anySettled, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('read'), asked: anyAsked }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('override'),
      name: fc.nat({ max: 2 }),
      override: fc.oneof(
        { weight: 4, arbitrary: anyOverride },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('set the clock'),
      minutes: fc.constantFrom(-45, -10, -1, 1, 10, 45, 60, 119, 24 * 60, 36 * 60),
    }),
  },
);

export const anyHistory = fc.array(anyStep, { minLength: 1, maxLength: 25 });

let histories = 0;

/** Turns the steps of one history into the same requests for any number of stores, under names no other history uses. */
export class Storyteller {
  readonly #name = `h${histories++}`;
  readonly #issued: TakeRequest[] = [];
  #attempts = 0;
  #now = BEGINNING;
  #latest = BEGINNING;

  get now(): number {
    return this.#now;
  }

  /** What a store has to do; undefined when the step is no business of a store's. */
  requestsOf(step: Step): ((store: Store) => Promise<unknown>) | undefined {
    switch (step.kind) {
      case 'take':
        return this.#take(step.together.map((asked) => this.#taking(asked)));
      case 'take again':
        return this.#take(this.#earlier(step.which));
      case 'settle': {
        const decidedAt = this.#now;
        const requests = step.together.flatMap((settled) =>
          this.#earlier(settled.which).map((taken) => settling(taken, settled, decidedAt)),
        );
        return (store) => Promise.all(requests.map((request) => store.settle(request)));
      }
      case 'read': {
        const request: ReadRequest = { counters: this.#counters(step.asked) };
        return (store) => Promise.resolve(store.read(request));
      }
      case 'override': {
        const write = this.#overriding(step);
        return (store) => store.overrides!.write(this.#name, [write]);
      }
      case 'set the clock':
        this.#now = Math.max(this.#now + step.minutes * MINUTE_MS, this.#latest - FARTHEST_BACK_MS);
        this.#latest = Math.max(this.#latest, this.#now);
        return undefined;
      default:
        return step satisfies never;
    }
  }

  #take(requests: readonly TakeRequest[]) {
    this.#issued.push(...requests);
    return (store: Store) => Promise.all(requests.map((request) => store.take(request)));
  }

  #earlier(which: number): TakeRequest[] {
    return this.#issued.length === 0 ? [] : [this.#issued[which % this.#issued.length]!];
  }

  #taking(asked: Asked): TakeRequest {
    return {
      counters: this.#counters(asked),
      operation: {
        id: `${this.#name}.${asked.id}`,
        content: String(asked.content),
        attempt: `${this.#name}.${this.#attempts++}`,
      },
      amount: asked.amount,
      amounts: asked.amounts,
      deadlineAt: asked.isLate ? this.#now - 1 : Number.MAX_SAFE_INTEGER,
    };
  }

  #overriding({ name, override }: Extract<Step, { readonly kind: 'override' }>): OverrideWrite {
    const limits = [this.#spec({ field: 'd', max: 1, enforced: true }, 0)];
    const counter = { key: `sd1:{${this.#name}}:${name}`, shardGroup: this.#name, limits };
    if (override === undefined) return { counter, name: String(name) };
    const at = (windows: number | undefined) =>
      windows === undefined ? undefined : this.#now + windows * 30 * MINUTE_MS;
    const terms = { from: at(override.from), until: at(override.until), limits: new Map(override.limits) };
    return { counter, name: String(name), override: { terms, text: JSON.stringify(override) } };
  }

  #counters({ counters, behind }: Asked): CounterRef[] {
    return counters.map(({ name, limits }) => ({
      key: `sd1:{${this.#name}}:${name}`,
      shardGroup: this.#name,
      limits: limits.map((limit) => this.#spec(limit, behind)),
    }));
  }

  #spec({ field, max, enforced }: Limit, behind: number): LimitSpec {
    const length = LENGTHS[field];
    const startsAt = (Math.floor(this.#now / length) - behind) * length;
    const meter = /\|(.+)\)$/.exec(field)?.[1];
    const limitable = !enforced && max === Number.MAX_SAFE_INTEGER;
    const bounds = [startsAt, startsAt + length, startsAt + 2 * length] as const;
    return { field, meter, max, enforced, limitable, bounds };
  }
}

function settling(
  { counters, operation, amount, amounts }: TakeRequest,
  { intent, windows }: Settled,
  decidedAt: number,
): SettleRequest {
  const left = windows.values();
  const decided = counters.map((counter) => ({
    ...counter,
    limits: counter.limits.map((limit) => ({ ...limit, windowIndex: left.next().value ?? 'current' })),
  }));
  return { counters: decided, operation, amount, amounts, intent, decidedAt };
}
