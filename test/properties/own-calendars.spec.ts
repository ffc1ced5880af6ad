import { afterAll, describe, expect, it } from '@jest/globals';
import type { Decision, Rule } from '@sundial/contract';
import { LiveRules, RuleBook } from '@sundial/engine';
import fc from 'fast-check';
import { CheckPlanner } from '../../libs/engine/src/decisions/check-planner.js';
import { aRule } from '../contract/rules.js';
import {
  memoryStoreUnderTest,
  openRedisStore,
  redisStoreUnderTest,
  type StoreUnderTest,
} from '../contract/store-under-test.js';
import { windowAt } from '../../libs/engine/src/windows/window-at.js';
import { engineOn } from '../support/engine-on.js';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { runs } from '../support/runs.js';
import { OffsetHistory } from './offset-history.js';

const HOUR_MS = 3_600_000;
const BEGINNING = Date.parse('2026-03-27T09:20:30Z');

const OWN: Rule = aRule({
  timeZone: { by: 'tz', default: 'Asia/Shanghai' },
  limits: [
    { window: 'hour', max: 4 },
    { window: 'day', max: 6 },
    { window: { unit: 'month', startsOn: { by: 'bill', default: 1 } }, meter: 'tokens', max: 9 },
    { window: 'total', max: null },
  ],
});

const ZONES = [
  'Asia/Shanghai',
  'Asia/Kathmandu',
  'America/New_York',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Australia/Lord_Howe',
  'Europe/Berlin',
] as const;

interface Step {
  readonly afterHours: number;
  readonly tz: string;
  readonly bill: number;
  readonly kind: 'check' | 'look' | 'reserve' | 'reserve and commit' | 'check and refund';
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  afterHours: fc.constantFrom(0, 0, 0.5, 1, 5, 11, 13, 24, 250),
  tz: fc.constantFrom(...ZONES),
  bill: fc.constantFrom(1, 15, 28, 31),
  kind: fc.constantFrom<Step['kind']>(
    'check',
    'check',
    'check',
    'look',
    'reserve',
    'reserve and commit',
    'check and refund',
  ),
});

interface Span {
  readonly startsAt: number;
  readonly endsAt: number;
}

/** What the rule says of one limit: a window opens that is whole, and begins where the one before has ended or later. */
class ModelledLimit {
  #kept: Span | undefined;
  taken = 0;
  readonly opened: Span[] = [];

  /** The window at an instant, as the asked calendar shows it, and what is taken in it. */
  at(asked: (at: number) => Span, now: number): Span & { readonly taken: number } {
    const natural = asked(now);
    const kept = this.#kept;
    if (kept === undefined || natural.startsAt >= kept.endsAt) return { ...natural, taken: 0 };
    const last = asked(kept.endsAt);
    const endsAt = last.startsAt === kept.endsAt ? kept.endsAt : last.endsAt;
    return { startsAt: kept.startsAt, endsAt, taken: this.taken };
  }

  take(asked: (at: number) => Span, now: number, units: number): void {
    const { startsAt, taken } = this.at(asked, now);
    if (this.#kept?.startsAt !== startsAt) {
      this.#kept = asked(now);
      this.opened.push(this.#kept);
    }
    this.taken = taken + units;
  }

  giveBack(units: number): void {
    this.taken -= units;
  }
}

const spanIn =
  (of: Parameters<typeof windowAt>[0], timeZone: string) =>
  (at: number): Span => {
    const { startsAtMs, resetsAtMs } = windowAt(of, timeZone, at);
    return { startsAt: startsAtMs, endsAt: resetsAtMs };
  };

const MAXES = [4, 6, 9];

let users = 0;

/** A fresh engine a step, as if another node were asked: what it answers is what the store knows. */
async function run(store: StoreUnderTest, steps: readonly Step[]): Promise<void> {
  const limits = MAXES.map(() => new ModelledLimit());
  const user = `u${users++}`;
  let now = BEGINNING;
  for (const [index, { afterHours, tz, bill, kind }] of steps.entries()) {
    now += afterHours * HOUR_MS;
    const rules = new LiveRules();
    rules.apply(new RuleBook(1, [OWN]));
    const engine = engineOn({ store: await store.at(now), rules, deadlineMs: 5_000 });
    const asked = ['hour', 'day', { unit: 'month', startsOn: bill } as const].map((of) =>
      spanIn(of as 'day', tz),
    );
    const states = () => limits.map((limit, at) => limit.at(asked[at]!, now));
    const fits = states().every(({ taken }, at) => taken + 1 <= MAXES[at]!);
    const request = {
      resource: 'ocr',
      subject: { user, tz, bill: String(bill) },
      amount: kind === 'look' ? 0 : 1,
      amounts: { tokens: kind === 'look' ? 0 : 1 },
      operationId: `${user}-${index}`,
    };
    const isReserve = kind.startsWith('reserve');
    const decision = await (isReserve
      ? engine.reserve({ ...request, ttlMs: 600_000, onExpiry: 'commit' })
      : engine.check(request));
    expect(decision).toMatchObject({ degraded: null, allowed: kind === 'look' || fits });
    if (kind !== 'look' && fits) limits.forEach((limit, at) => limit.take(asked[at]!, now, 1));
    expect(shown(decision)).toEqual(states());
    if (fits && kind === 'reserve and commit') {
      const { reservation } = decision as Awaited<ReturnType<typeof engine.reserve>>;
      const { limits: committed } = await engine.commit(reservation!.id, {
        amount: 0,
        amounts: { tokens: 0 },
      });
      expect(committed).toHaveLength(4);
      limits.forEach((limit) => limit.giveBack(1));
    }
    if (fits && kind === 'check and refund') {
      const { operationId } = request;
      await engine.refund({ resource: 'ocr', subject: request.subject, operationId });
      limits.forEach((limit) => limit.giveBack(1));
    }
    const usage = await engine.usage({ resource: 'ocr', subject: request.subject });
    expect(shown(usage)).toEqual(states());
  }
  for (const { opened } of limits)
    for (const [index, { startsAt }] of opened.entries())
      if (index > 0) expect(startsAt).toBeGreaterThanOrEqual(opened[index - 1]!.endsAt);
}

function shown({ limits }: Pick<Decision, 'limits'>) {
  return limits.slice(0, -1).map(({ startsAt, resetsAt, used, reserved }) => ({
    startsAt: Date.parse(startsAt!),
    endsAt: Date.parse(resetsAt!),
    taken: used + reserved,
  }));
}

describe.each([
  ['memory', memoryStoreUnderTest],
  ['Redis', redisStoreUnderTest],
] as const)('a subject’s own zone and billing day, in %s', (_name, open) => {
  const opened = open();
  afterAll(async () => (await opened).close());

  it('gain no window and no unit by any history of changes', async () => {
    const store = await opened;
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 2, maxLength: 9 }), (steps) => run(store, steps)),
      { numRuns: runs({ inTest: 10, inCampaign: 20 }) },
    );
  });
});

describe('a subject whose zone changes while the store is away', () => {
  it('gains nothing from it, and what was allowed is settled in the window that is kept', async () => {
    const redis = await RedisProcess.start();
    const rules = new LiveRules();
    rules.apply(new RuleBook(1, [{ ...OWN, limits: [{ window: 'day', max: 6 }] }]));
    const clockOffsetMs = BEGINNING - Date.now();
    const open = () => openRedisStore({ kind: 'single', url: redis.url }, clockOffsetMs);
    const engine = engineOn({ store: await open(), rules, deadlineMs: 200 });
    const of = (tz: string) => ({ resource: 'ocr', subject: { user: 'mover', tz } });
    await engine.check({ ...of('Asia/Shanghai'), amount: 4 });
    redis.freeze();
    const moved = await engine.check({ ...of('Pacific/Kiritimati'), amount: 1 });
    expect(moved).toMatchObject({ allowed: true, degraded: { policy: 'local' }, limits: [{ used: 5 }] });
    expect(moved.limits[0]).toMatchObject({
      timeZone: 'Asia/Shanghai',
      startsAt: '2026-03-27T00:00:00+08:00',
    });
    const more = await engine.check({ ...of('America/New_York'), amount: 2 });
    expect(more).toMatchObject({ allowed: false, degraded: { policy: 'local' } });
    redis.thaw();
    // Another node, which knows nothing of it, has decided in the windows of the new zone.
    const other = engineOn({ store: await open(), rules, deadlineMs: 5_000 });
    await eventually(async () => {
      const { limits } = await other.usage(of('Asia/Shanghai'));
      return limits[0]?.used === 5;
    });
    await engine.close();
    await other.close();
    await redis.stop();
  });
});

/** Zones of every kind of offset change between 2024 and 2030, and some that change none. */
const CALENDARS = [
  ...ZONES,
  'UTC',
  'Europe/London',
  'Europe/Chisinau',
  'Europe/Kyiv',
  'Africa/Casablanca',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'America/Santiago',
  'America/Havana',
  'America/St_Johns',
  'America/Los_Angeles',
  'Asia/Beirut',
  'Asia/Almaty',
  'Asia/Gaza',
  'Asia/Kolkata',
  'Antarctica/Troll',
  'Pacific/Auckland',
  'Pacific/Chatham',
];
const [FROM, TO] = [Date.UTC(2024, 0, 1), Date.UTC(2031, 0, 1)];

describe('the months of billing days', () => {
  it.each(CALENDARS)('agree with an independent calendar around every offset change in %s', (tz) => {
    const history = new OffsetHistory(tz, FROM - 400 * 24 * HOUR_MS, TO + 400 * 24 * HOUR_MS);
    const planner = new CheckPlanner();
    const rules = [OWN];
    const around = history.changes.filter((at) => at > FROM && at < TO);
    for (const change of [...around, FROM + 45 * 24 * HOUR_MS])
      for (const bill of [1, 15, 28, 29, 30, 31])
        for (const at of [change - 1, change, change + 25 * HOUR_MS]) {
          const plan = planner.at(rules, { user: 'a', tz, bill: String(bill) }, at);
          const { bounds } = plan.counters[0]!.limits[2]!;
          const month = history.windowAt({ unit: 'month', startsOn: bill }, at);
          expect([tz, bill, at, ...bounds.slice(0, 2)]).toEqual([
            tz,
            bill,
            at,
            month.startsAtMs,
            month.resetsAtMs,
          ]);
        }
  });
});
