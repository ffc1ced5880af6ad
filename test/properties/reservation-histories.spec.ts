import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryStore, type Store } from '@sundial/engine';
import type { EndHoldResult, TakeResult } from '@sundial/engine/ports';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisProcess } from '../support/redis-process.js';
import { openRedisStore } from '../contract/store-under-test.js';
import { judge, type Observed, type Recorded } from './reservation-model-history.js';
import type { Call, Guard, Shape } from './reservation-model.js';

const DAY_MS = 86_400_000;
const TTL_MS = 400;
const OPERATIONS = 4;
/** Two clocks of one machine, each read in whole milliseconds. */
const CLOCK_MS = 2;

const SHAPE: Shape = {
  limits: [
    { meter: 'units', max: 2, window: 'day' },
    { meter: 'tokens', max: 9, window: 'day' },
    { meter: 'units', max: 1, window: 'concurrent' },
  ],
  windowAt: ({ window }, now) => (window === 'day' ? Math.floor(now / DAY_MS) : 0),
  rememberFor: 15 * 60_000,
  rememberSettledFor: DAY_MS,
  // These calls name no reservation, but the operation: whichever is there is meant.
  without: 'an ending ends its own reservation',
};
const FIELDS = ['d', '(day|tokens)', '(concurrent)'];

/** What these histories would show; the others need lost calls, refunds or midnight. */
const FORGOTTEN: readonly Guard[] = [
  'no more than there is room for',
  'what is held takes room',
  'holds expire when they are looked at',
  'expiry comes before room is judged',
  'an operation counts once',
  'a reservation ends once',
  'a late commit corrects what expiry left',
];

type Asked = { readonly operation: number; readonly node: number } & (
  | { readonly verb: 'take' | 'hold' | 'release' | 'read' }
  | { readonly verb: 'commit'; readonly tokens: number }
);
/** Calls that are sent together, and then perhaps a time in which holds expire. */
interface Moment {
  readonly together: readonly Asked[];
  readonly isLong: boolean;
}

const anyAsked: fc.Arbitrary<Asked> = fc
  .record({
    operation: fc.nat({ max: OPERATIONS - 1 }),
    node: fc.nat({ max: 1 }),
    verb: fc.constantFrom('take', 'hold', 'hold', 'commit', 'release', 'read'),
    tokens: fc.constantFrom(0, 1, 7),
  })
  .map(({ tokens, ...asked }) => (asked.verb === 'commit' ? { ...asked, tokens } : asked) as Asked);
const anyHistory: fc.Arbitrary<readonly Moment[]> = fc.array(
  fc.record({
    together: fc.array(anyAsked, { minLength: 1, maxLength: 4 }),
    isLong: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  }),
  { minLength: 3, maxLength: 9 },
);

const ofOne = (verb: Asked['verb'], operation: number, tokens = 0): Moment => {
  const asked = { operation, node: 0 };
  return { together: [verb === 'commit' ? { ...asked, verb, tokens } : { ...asked, verb }], isLong: false };
};
const ofOneUntilItExpires = (operation: number): Moment => ({ ...ofOne('hold', operation), isLong: true });
/** Between them they have every answer, and show whatever a model may forget: random ones do, nearly always. */
const TELLING: readonly (readonly Moment[])[] = [
  [ofOne('take', 0), ofOne('take', 0), ofOne('hold', 0), ofOne('take', 1), ofOne('take', 2)],
  [ofOne('hold', 0), ofOne('hold', 1), ofOne('release', 0), ofOne('commit', 3)],
  [ofOneUntilItExpires(0), ofOne('hold', 1), ofOne('release', 0)],
  [ofOneUntilItExpires(1), ofOne('read', 1), ofOne('commit', 1, 7), ofOne('read', 1)],
  [ofOne('hold', 2), ofOne('commit', 2, 1), ofOne('commit', 2, 7), ofOne('release', 2), ofOne('read', 2)],
];

/** Two nodes on one Redis; the embedded store has one node, which asks twice at once. */
const NODES = {
  RedisStore: async () => {
    const redis = await RedisProcess.start();
    const open = () => openRedisStore({ kind: 'single', url: redis.url });
    return { stores: await Promise.all([open(), open()]), stop: () => redis.stop() };
  },
  MemoryStore: async () => {
    const store = await MemoryStore.open();
    return { stores: [store], stop: async () => undefined };
  },
};

describe.each(['RedisStore', 'MemoryStore'] as const)('What a %s answers to calls at once', (kind) => {
  let stores: readonly Store[];
  let stop: () => Promise<unknown>;
  /** Calls that began, and answers. */
  let count = 0;
  beforeAll(async () => {
    ({ stores, stop } = await NODES[kind]());
  }, 20_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await stop();
  });

  it('is what the model may answer, whatever is asked', async () => {
    const histories = [...TELLING, ...fc.sample(anyHistory, 150)];
    const recorded = await Promise.all(histories.map((history, index) => play(history, `h${index}`)));
    const met = new Set(recorded.flat().map(({ answer }) => answer?.outcome));
    for (const outcome of [
      'taken',
      'refused',
      'replayed',
      'conflict',
      'committed',
      'released',
      'expired',
      'ended',
      'not-found',
    ])
      expect(met).toContain(outcome);
    for (const history of recorded) {
      const judged = judge(SHAPE, history, OPERATIONS);
      expect(judged.isAdmitted ? undefined : { ...judged, history }).toBeUndefined();
    }
    // A model that forgets one of its rules does not explain them.
    for (const without of FORGOTTEN) {
      const isExplained = recorded.every(
        (history) => judge({ ...SHAPE, without }, history, OPERATIONS).isAdmitted,
      );
      expect([without, isExplained]).toEqual([without, false]);
    }
  }, 60_000);

  async function play(history: readonly Moment[], name: string): Promise<readonly Recorded[]> {
    const recorded: Recorded[] = [];
    let attempts = 0;
    for (const { together, isLong } of history) {
      const asked = together.map((each) => ask(each, { name, attempt: attempts++ }));
      recorded.push(...(await Promise.all(asked)));
      if (isLong) await sleep(TTL_MS + 100);
    }
    return recorded;
  }

  async function ask(
    asked: Asked,
    { name, attempt }: { readonly name: string; readonly attempt: number },
  ): Promise<Recorded> {
    const store = stores[asked.node % stores.length]!;
    const { operation } = asked;
    const start = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const bounds = [start, start + DAY_MS, start + 2 * DAY_MS] as const;
    const limits = FIELDS.map((field, index) => {
      const { meter, max } = SHAPE.limits[index]!;
      const isTimed = index < 2;
      return {
        ...{ field, max, enforced: true, bounds: isTimed ? bounds : ([0, 8.64e15, 8.64e15] as const) },
        ...(meter !== 'units' && { meter }),
      };
    });
    const counters = [{ key: `sd1:{${name}}:r`, shardGroup: name, limits }];
    const tokens = 2 + operation;
    const id = { id: `${name} ${operation}`, content: `1+tokens=${tokens}`, attempt: `${name}.${attempt}` };
    const amounts = { tokens };
    const [from, begun] = [Date.now() - CLOCK_MS, ++count];
    const answered = (call: Call, answer: Observed): Recorded => ({
      call,
      ...{ from, to: Date.now() + CLOCK_MS, begun, ended: ++count },
      answer,
    });
    const deadlineAt = Number.MAX_SAFE_INTEGER;
    switch (asked.verb) {
      case 'take':
      case 'hold': {
        const hold = {
          ttlMs: TTL_MS,
          onExpiry: operation % 2 === 0 ? ('release' as const) : ('commit' as const),
        };
        const isHold = asked.verb === 'hold';
        const request = { counters, operation: id, amount: 1, amounts, deadlineAt, ...(isHold && { hold }) };
        const taking = { operation, attempt, amounts: { units: 1, tokens }, deadline: deadlineAt };
        const call: Call = isHold
          ? { verb: 'hold', ...taking, ttl: TTL_MS, onExpiry: hold.onExpiry }
          : { verb: 'take', ...taking };
        return answered(call, observed(await store.take(request)));
      }
      case 'commit':
      case 'release': {
        const ending =
          asked.verb === 'commit'
            ? { kind: asked.verb, amounts: { tokens: asked.tokens } }
            : { kind: asked.verb };
        const result = await store.endHold({ operation: id, counters, ending, deadlineAt });
        const call: Call = {
          verb: asked.verb,
          operation,
          attempt,
          amounts: asked.verb === 'commit' ? { tokens: asked.tokens } : {},
        };
        return answered(call, { outcome: endedAs(result) });
      }
      case 'read':
        return answered({ verb: 'read' }, observed(await store.read({ counters })));
      default:
        return asked satisfies never;
    }
  }
});

function observed(result: TakeResult | Awaited<ReturnType<Store['read']>>): Observed {
  if (!('counts' in result)) return { outcome: result.outcome };
  const counts = result.counts.map(({ used, reserved }, limit) => ({ limit, used, reserved }));
  return { outcome: result.outcome, counts };
}

/** As the model says it. */
function endedAs(result: EndHoldResult): string {
  if (result.outcome === 'ended') return result.reservation.state;
  return result.outcome === 'ended-otherwise' ? 'ended' : result.outcome;
}
