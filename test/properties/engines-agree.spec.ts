import {
  type CheckRequest,
  type Decision,
  type Limit,
  QuotaError,
  type Rule,
  type Subject,
  WINDOW_UNITS,
} from '@sundial/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  LiveControls,
  LiveRules,
  MemoryStore,
  type QuotaEngine,
  RuleBook,
  windowText,
} from '@sundial/engine';
import fc from 'fast-check';
import { openRedisStore } from '../contract/store-under-test.js';
import { aRule } from '../contract/rules.js';
import { RedisProcess } from '../support/redis-process.js';
import { engineOn } from '../support/engine-on.js';

/** Half a minute from every boundary of any of the zones; days on which some of them set their clocks. */
const BEGINNINGS = [
  '2026-11-22T12:20:30Z',
  '2026-03-08T07:20:30Z',
  '2026-04-04T15:20:30Z',
  '2026-12-31T18:20:30Z',
];

const anyMax = fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 9 }) }, fc.constant(null));

const anyWindow = fc.constantFrom<Limit['window']>(
  ...WINDOW_UNITS,
  { unit: 'hour', every: 5 },
  { unit: 'day', startsAt: '04:00' },
  { unit: 'week', startsOn: 'sunday' },
  { unit: 'day' },
);

const anyLimit: fc.Arbitrary<Limit> = fc
  .record({
    window: anyWindow,
    meter: fc.constantFrom('units', 'units', 'tokens', 'constructor'),
    max: anyMax,
  })
  .map(({ window, meter, max }) => ({
    window,
    ...(window !== 'concurrent' && meter !== 'units' && { meter }),
    max,
  }));

const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    resource: fc.constantFrom('ocr', 'asr'),
    per: fc.constantFrom<Rule['per']>(['user'], ['user', 'grade'], ['grade'], []),
    timeZone: fc.constantFrom(
      'Asia/Shanghai',
      'UTC',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ),
    mode: fc.constantFrom<Rule['mode']>('enforce', 'enforce', 'enforce', 'observe', 'off'),
    limits: fc.uniqueArray(anyLimit, {
      selector: ({ window, meter }) => `${windowText(window)} ${meter}`,
      minLength: 1,
      maxLength: 5,
    }),
    onDeny: fc.constantFrom(undefined, { code: 'A' }, { code: 'B' }),
  })
  .map(({ onDeny, ...rule }) => aRule({ ...rule, ...(onDeny && { onDeny }) }));

const anySubject = fc.record(
  { user: fc.constantFrom('a', 'b', '\ud800', '{}'), grade: fc.constantFrom('1', '2') },
  { requiredKeys: [] },
);
interface Check {
  readonly resource: string;
  readonly subject: { readonly user?: string; readonly grade?: string };
  readonly amount?: number;
  readonly amounts?: Readonly<Record<string, number>>;
  readonly operationId?: string;
}
const anyCheck: fc.Arbitrary<Check> = fc.record(
  {
    resource: fc.constantFrom('ocr', 'ocr', 'asr', 'none'),
    subject: anySubject,
    amount: fc.oneof(
      { weight: 9, arbitrary: fc.nat({ max: 4 }) },
      fc.constantFrom(-1, 0.5, Number.MAX_SAFE_INTEGER),
    ),
    amounts: fc.dictionary(fc.constantFrom('tokens', 'constructor', 'pages', 'units'), fc.nat({ max: 4 }), {
      maxKeys: 2,
    }),
    operationId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  },
  { requiredKeys: ['resource', 'subject'] },
);

type Step =
  | { readonly kind: 'check'; readonly check: Check }
  | { readonly kind: 'batch'; readonly checks: readonly Check[] }
  | { readonly kind: 'usage'; readonly check: Check }
  | { readonly kind: 'rules'; readonly rules: readonly Rule[] };

const anyRules = fc.array(anyRule, { minLength: 1, maxLength: 4 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('check'), check: anyCheck }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('batch'), checks: fc.array(anyCheck, { maxLength: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('usage'), check: anyCheck }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rules'), rules: anyRules }) },
);

describe('an engine in memory and an engine on Redis', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterAll(() => redis.stop());

  it('give equal decisions for any rules and any checks', async () => {
    const met = new Set<string>();
    const anyStory = fc.array(anyStep, { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BEGINNINGS),
        anyRules,
        anyStory,
        async (beginning, rules, story) => {
          await redis.cli('FLUSHALL');
          const engines = await enginesAt(Date.parse(beginning));
          for (const step of [{ kind: 'rules', rules } as const, ...story]) {
            const [inMemory, onRedis] = await Promise.all(engines.map((engine) => answer(engine, step)));
            expect(onRedis).toEqual(inMemory);
            met.add(JSON.stringify(inMemory).match(/(?<="(?:reason|code)":")[a-z-]+/)?.[0] ?? '');
          }
          await Promise.all(engines.map(({ quota }) => quota.close()));
        },
      ),
      // Seeded, since what the stories meet is asserted as well.
      { numRuns: 60, seed: 20_261_126 },
    );
    expect([...met]).toEqual(expect.arrayContaining(REASONS));
  }, 180_000);

  async function enginesAt(instant: number) {
    const clockOffsetMs = instant - Date.now();
    const stores = [
      await MemoryStore.open({ clockOffsetMs }),
      await openRedisStore({ kind: 'single', url: redis.url }, clockOffsetMs),
    ];
    return stores.map((store) => {
      const rules = new LiveRules();
      // What concerns other resources, or has ended, must change nothing: the other engine has no controls.
      const controls = store.kind === 'embedded' ? foreignControls(() => store.now()) : undefined;
      return { rules, quota: engineOn({ store, rules, deadlineMs: 10_000, controls }) };
    });
  }
});

function foreignControls(now: () => number): LiveControls {
  const controls = new LiveControls({ now });
  const said = { setAt: new Date(now()).toISOString(), gate: 'closed' } as const;
  const at = Math.round(now());
  const record = { at, node: 'a', endsAt: Infinity };
  controls.merge([
    { ...record, key: 'gate:other', control: { kind: 'gate', gate: { ...said, resource: 'other' } } },
    { ...record, key: 'gate:ocr', endsAt: at, control: { kind: 'gate', gate: { ...said, resource: 'ocr' } } },
    { ...record, key: 'gate:asr', control: null },
  ]);
  return controls;
}

const REASONS = [
  'ok',
  'limit-reached',
  'amount-exceeds-limit',
  'no-rule',
  'invalid-request',
  'operation-conflict',
];

/** What is to be the same: everything but the names that engines make, and the milliseconds between two answers. */
async function answer({ rules, quota }: Answering, step: Step): Promise<unknown> {
  try {
    switch (step.kind) {
      case 'check':
        return comparable(await quota.check(step.check as CheckRequest), step.check, quota.now());
      case 'batch': {
        const decisions = await quota.checkBatch(step.checks.map(named) as CheckRequest[]);
        return decisions.map((each, i) =>
          each instanceof QuotaError
            ? shownError(each)
            : comparable(each, named(step.checks[i]!), quota.now()),
        );
      }
      case 'usage':
        return await quota.usage({ resource: step.check.resource, subject: step.check.subject as Subject });
      case 'rules': {
        const named = step.rules.map((rule, i) => ({ ...rule, id: `r${i}` }));
        return rules.apply(new RuleBook(rules.current.version + 1, named));
      }
      default:
        return step satisfies never;
    }
  } catch (error) {
    return shownError(error);
  }
}

/** Within a batch only checks of one resource keep their order: others wait in queues of their own. */
function named(check: Check): Check {
  const { operationId, resource } = check;
  return { ...check, ...(operationId !== undefined && { operationId: `${resource}-${operationId}` }) };
}

interface Answering {
  readonly rules: LiveRules;
  readonly quota: QuotaEngine;
}

function shownError(error: unknown): unknown {
  if (!(error instanceof QuotaError)) throw error;
  return { code: error.code, detail: error.message, errors: error.errors };
}

/** A wait becomes the reset that it leads to. */
function comparable({ operationId, retryAfterMs, ...rest }: Decision, asked: Check, now: number): unknown {
  const isReset = (text: string | null) => Math.abs(resetOf(text) - now - retryAfterMs!) < 10_000;
  return {
    ...rest,
    ...(asked.operationId !== undefined && { operationId }),
    ...(retryAfterMs !== undefined && { retryAt: rest.limits.map(({ resetsAt }) => resetsAt).find(isReset) }),
  };
}

/** What has no end never resets. */
function resetOf(text: string | null): number {
  return text === null ? NEVER : Date.parse(text);
}

const NEVER = 8.64e15;
