import {
  type PackPlace,
  encodeContent,
  packsKeyOf,
  settledInCurrent,
  type CounterRef,
  type EndHoldRequest,
  type LimitSpec,
  type SettleRequest,
  type Store,
  type TakeRequest,
} from '@sundial/engine/ports';
import fc from 'fast-check';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NEVER = 8.64e15;
/** Half a minute from every boundary. */
const BEGINNING = Date.UTC(2026, 10, 22, 12, 20, 30);
const HALF_MINUTE_MS = MINUTE_MS / 2;
/** With each step of the clock: so no instant that it leads to is a boundary, an expiry or an end of what is remembered. */
const STEP_MS = 7_000;
const FIELDS = {
  d: { length: DAY_MS, max: 12 },
  h: { length: HOUR_MS, max: 7 },
  '(day|tokens)': { length: DAY_MS, max: 30 },
  '(total)': { length: NEVER, max: 20 },
  '(concurrent)': { length: NEVER, max: 2 },
} as const;
type Field = keyof typeof FIELDS;
/** The limits of each counter. */
const COUNTERS: readonly (readonly Field[])[] = [
  ['d', 'h'],
  ['d', '(day|tokens)'],
  ['(concurrent)', 'h'],
  ['(total)'],
];

/** Of each operation id the counters that it takes from: an id is known within the same counters. */
const COUNTERS_OF_ID: readonly (readonly number[])[] = [[0], [1], [2], [3], [0, 1], [2, 3], [0, 2], [3, 1]];

interface Amount {
  readonly amount: number;
  readonly tokens: number | undefined;
}

export type HoldStep =
  | ({ readonly kind: 'check' | 'reserve'; readonly id: number } & Amount & {
        readonly minutes: number;
        readonly commits: boolean;
        readonly isLate: boolean;
      })
  | ({ readonly kind: 'commit' | 'extend'; readonly which: number; readonly minutes: number } & Amount)
  | { readonly kind: 'release' | 'look' | 'refund' | 'return' | 'replay'; readonly which: number }
  | {
      readonly kind: 'settle';
      readonly which: number;
      readonly intent: SettleRequest['intent'];
      readonly isDegraded: boolean;
      readonly committed: number;
    }
  | {
      readonly kind: 'add a pack' | 'cancel a pack';
      readonly pack: number;
      readonly subject: number;
      readonly amount: number;
      readonly meter: 'units' | 'tokens';
      readonly minutes: number;
      readonly priority: number;
    }
  | { readonly kind: 'set'; readonly counter: number; readonly to: number }
  | { readonly kind: 'set the clock'; readonly minutes: number };

const which = fc.nat();
const amounts = { amount: fc.nat({ max: 4 }), tokens: fc.option(fc.nat({ max: 20 }), { nil: undefined }) };
const minutes = fc.constantFrom(1, 2, 30, 90);

const anyStep: fc.Arbitrary<HoldStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('check', 'reserve', 'reserve', 'reserve'),
      id: fc.nat({ max: 7 }),
      ...amounts,
      minutes,
      commits: fc.boolean(),
      isLate: fc.constantFrom(false, false, false, false, true),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('commit', 'extend'), which, minutes, ...amounts }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('release', 'look', 'refund', 'return', 'replay'),
      which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      which,
      intent: fc.constantFrom('count', 'void', 'hold', 'commit', 'release', 'refund'),
      isDegraded: fc.boolean(),
      committed: fc.nat({ max: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('set'),
      counter: fc.nat({ max: COUNTERS.length - 1 }),
      to: fc.nat({ max: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('set the clock'),
      minutes: fc.constantFrom(1, 2, 15, 60, 12 * 60),
    }),
  },
);

export const anyHoldHistory = fc.array(anyStep, { minLength: 5, maxLength: 40 });

const anyPackStep: fc.Arbitrary<HoldStep> = fc.record({
  kind: fc.constantFrom('add a pack', 'add a pack', 'add a pack', 'cancel a pack'),
  pack: fc.nat({ max: 4 }),
  subject: fc.constantFrom(0, 0, 0, 1),
  amount: fc.integer({ min: 1, max: 8 }),
  meter: fc.constantFrom('units', 'units', 'units', 'tokens'),
  minutes: fc.constantFrom(0, 1, 30),
  priority: fc.nat({ max: 1 }),
});

/** Of each subject, so that neither store forgets the others: how long those are remembered no clock offset says to Redis. */
const LASTING_PACKS = [0, 1].map((subject): HoldStep => {
  const pack = { pack: 9, subject, amount: 4, meter: 'units', minutes: 0, priority: 1 } as const;
  return { kind: 'add a pack', ...pack };
});

/** The same with packs. */
export const anyPackHistory = fc
  .array(fc.oneof({ weight: 5, arbitrary: anyStep }, { weight: 1, arbitrary: anyPackStep }), {
    minLength: 5,
    maxLength: 40,
  })
  .map((steps): readonly HoldStep[] => [...LASTING_PACKS, ...steps]);

let histories = 0;

/** Turns the steps of one history into the same requests for any number of stores, under names no other history uses. */
export class HoldStoryteller {
  readonly #name = `holds${histories++}`;
  readonly #issued: TakeRequest[] = [];
  /** By operation and instant: the stores were not asked in the same millisecond, so each knows its own. */
  #attempts = 0;
  now = BEGINNING;

  /** `tightness`: the limits are so many times smaller. */
  constructor(private readonly tightness = 1) {}

  /** What a store has to do; undefined when it is about the clock. */
  requestOf(step: HoldStep): ((store: Store) => Promise<unknown>) | undefined {
    if (step.kind === 'set the clock') {
      this.now += step.minutes * MINUTE_MS + STEP_MS;
      return undefined;
    }
    if (step.kind === 'set') return this.#setting(step);
    if ('pack' in step) return this.#ofPack(step);
    if ('which' in step) {
      const issued = this.#issued[step.which % Math.max(1, this.#issued.length)];
      return issued && ((store) => this.#afterwards(step, issued, store));
    }
    const request = this.#taking(step);
    this.#issued.push(request);
    return async (store) => store.take(request);
  }

  /** The id of the operation that a step is about, after it; undefined for another step. */
  operationOf(step: HoldStep): string | undefined {
    if ('id' in step) return this.#issued.at(-1)?.operation.id;
    return 'which' in step
      ? this.#issued[step.which % Math.max(1, this.#issued.length)]?.operation.id
      : undefined;
  }

  /** All counters, as they stand. */
  read(store: Store): Promise<unknown> {
    return Promise.resolve(store.read({ counters: this.#counters(COUNTERS.map((_, index) => index)) }));
  }

  /** The packs of both subjects, as they stand. */
  async packs(store: Store) {
    const results = [];
    for (const place of [this.#placeOf(0), this.#placeOf(1)]) results.push(await store.packs!.packsAt(place));
    return results.flatMap((result) => ('packs' in result ? result.packs : []));
  }

  #ofPack(step: Extract<HoldStep, { readonly pack: number }>) {
    const { kind, pack, subject, amount, meter, minutes, priority } = step;
    const [place, id] = [this.#placeOf(subject), `p${subject}${pack}`];
    if (kind === 'cancel a pack') return async (store: Store) => store.packs!.cancelPack(place, id);
    const expiresAt = minutes === 0 ? Infinity : this.now + minutes * MINUTE_MS - HALF_MINUTE_MS;
    const content = JSON.stringify([amount, meter, priority]);
    return async (store: Store) =>
      store.packs!.addPack(place, { id, amount, meter, priority, expiresAt, content });
  }

  #placeOf(subject: number): PackPlace {
    const [{ key, shardGroup }] = this.#counters([subject === 0 ? 0 : 2]) as [CounterRef];
    return { key: packsKeyOf(key)!, shardGroup };
  }

  async #afterwards(step: Afterwards, issued: TakeRequest, store: Store): Promise<unknown> {
    const { operation } = issued;
    const counters = issued.counters.map(({ key }) => this.#counters([Number(/:r(\d)/.exec(key)?.[1])])[0]!);
    const end = (ending: EndHoldRequest['ending']) =>
      store.endHold({ operation, counters, offersLimits: true, ending, deadlineAt: NEVER });
    switch (step.kind) {
      case 'commit':
        return end({ kind: 'commit', ...named(step) });
      case 'extend':
        return end({ kind: 'extend', ttlMs: step.minutes * MINUTE_MS - HALF_MINUTE_MS, ...named(step) });
      case 'release':
      case 'look':
        return end({ kind: step.kind });
      case 'refund':
        return store.refund({ operation, counters, deadlineAt: NEVER });
      case 'replay':
        return store.take({ ...issued, counters });
      case 'return': {
        const totals = counters.flatMap((counter) => {
          const limits = counter.limits.filter(({ field }) => field === '(total)');
          return limits.length > 0 ? [{ ...counter, limits }] : [];
        });
        const its = { ...operation, id: `${operation.id}-return`, content: '1' };
        if (totals.length === 0) return undefined;
        return store.giveBack({ counters: totals, operation: its, amount: 1, deadlineAt: NEVER });
      }
      case 'settle':
        return store.settle(this.#settling(step, issued));
      default:
        return step satisfies never;
    }
  }

  #setting({ counter, to }: Extract<HoldStep, { readonly kind: 'set' }>) {
    const counters = this.#counters([counter]).map((one) => ({
      ...one,
      limits: one.limits
        .filter(({ field }) => field !== '(concurrent)')
        .map((limit) => ({ ...limit, setTo: to })),
    }));
    return async (store: Store) => store.setUsage({ counters, deadlineAt: NEVER });
  }

  #settling(
    { intent, isDegraded, committed }: Extract<HoldStep, { kind: 'settle' }>,
    { operation, amount, amounts: its, counters, hold }: TakeRequest,
  ): SettleRequest {
    const isOfHold = intent === 'hold' || intent === 'commit' || intent === 'release';
    const terms =
      intent === 'count'
        ? undefined
        : (hold ?? (isOfHold ? { ttlMs: HALF_MINUTE_MS, onExpiry: 'release' as const } : undefined));
    const takenAt = this.now;
    const units = intent === 'hold' && committed > 2 ? amount + committed : amount;
    return {
      intent,
      operation,
      amount: units,
      amounts: its,
      counters: settledInCurrent(counters),
      decidedAt: this.now,
      hold: terms && {
        takenAt,
        expiresAt: takenAt + terms.ttlMs,
        onExpiry: terms.onExpiry,
        isDegraded,
      },
      committed: { units: committed },
      ...(units > amount && { extended: { units } }),
    };
  }

  #taking(step: Extract<HoldStep, { readonly kind: 'check' | 'reserve' }>): TakeRequest {
    const { kind, id, amount, tokens, minutes: held, commits, isLate } = step;
    const its = tokens === undefined ? undefined : { tokens };
    const content = encodeContent({ amount, amounts: its });
    return {
      counters: this.#counters(COUNTERS_OF_ID[id]!),
      operation: { id: `${this.#name}.${id}`, content, attempt: `${this.#name}.${this.#attempts++}` },
      amount,
      amounts: its,
      deadlineAt: isLate ? this.now - 1 : NEVER,
      ...(kind === 'reserve' && {
        hold: {
          ttlMs: held * MINUTE_MS - HALF_MINUTE_MS,
          onExpiry: commits ? ('commit' as const) : ('release' as const),
        },
      }),
    };
  }

  #counters(which_: readonly number[]): CounterRef[] {
    return which_.map((index) => ({
      // The third counts another subject, which has packs of its own.
      key: `sd1:{${this.#name}}:r${index}~zone${index === 2 ? ':grade=3' : ''}`,
      shardGroup: this.#name,
      limits: COUNTERS[index]!.map((field) => this.#spec(field)),
    }));
  }

  #spec(field: Field): LimitSpec {
    const { length, max } = FIELDS[field];
    const meter = field.includes('|') ? 'tokens' : undefined;
    const startsAt = length === NEVER ? 0 : Math.floor(this.now / length) * length;
    const bounds =
      length === NEVER
        ? ([0, NEVER, NEVER] as const)
        : ([startsAt, startsAt + length, startsAt + 2 * length] as const);
    return { field, meter, max: Math.ceil(max / this.tightness), enforced: true, bounds };
  }
}

type Afterwards = Exclude<
  HoldStep,
  { readonly kind: 'check' | 'reserve' | 'set' | 'set the clock' | 'add a pack' | 'cancel a pack' }
>;

function named({ amount, tokens }: Amount) {
  return { amount, ...(tokens !== undefined && { amounts: { tokens } }) };
}
