import {
  type CheckRequest,
  type Decision,
  type Quota,
  QuotaError,
  type Usage,
  type UsageRequest,
} from '@sundial/contract';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotaClient, QuotaClientError } from '@sundial/client';
import { LiveRules, loadRuleFile, MemoryStore, type QuotaEngine, RuleBook } from '@sundial/engine';
import { middleOfAnHourOffsetMs } from '../support/middle-of-an-hour.js';
import { RunningService, STORES } from '../support/running-service.js';
import { engineOn } from '../support/engine-on.js';

const RULES_FILE = fileURLToPath(new URL('../../config/rules.yaml', import.meta.url));
const clockOffsetMs = middleOfAnHourOffsetMs();

type Batching = Quota & {
  checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | QuotaError | QuotaClientError)[]>;
};
type Step = (quota: Batching) => Promise<unknown>;

const check =
  (request: CheckRequest): Step =>
  (quota) =>
    quota.check(request);
const usage =
  (request: UsageRequest): Step =>
  (quota) =>
    quota.usage(request);
const batch =
  (...requests: CheckRequest[]): Step =>
  (quota) =>
    quota.checkBatch(requests);
const junk = (request: unknown): CheckRequest => request as CheckRequest;

const U1 = { user: 'u1' };
/** In order: each step meets what those before it have counted. */
const HISTORY: readonly (readonly [string, Step])[] = [
  ['a first check', check({ resource: 'ocr', subject: U1, operationId: 'a' })],
  ['the same operation again', check({ resource: 'ocr', subject: U1, operationId: 'a' })],
  [
    'the same operation with other content',
    check({ resource: 'ocr', subject: U1, amount: 2, operationId: 'a' }),
  ],
  ['two units', check({ resource: 'ocr', subject: U1, amount: 2, operationId: 'b' })],
  ['a look', check({ resource: 'ocr', subject: U1, amount: 0, operationId: 'c' })],
  ['a refusal, with what the rule wants', check({ resource: 'ocr', subject: U1, operationId: 'd' })],
  ['an amount that never fits', check({ resource: 'ocr', subject: U1, amount: 4, operationId: 'e' })],
  [
    'attributes that no rule counts by',
    check({ resource: 'ocr', subject: { user: 'u2', city: 'Ürümqi' }, operationId: 'f' }),
  ],
  ['several rules', check({ resource: 'llm', subject: U1, operationId: 'g' })],
  [
    'a rule that only observes',
    check({ resource: 'export', subject: { account: 'x' }, amount: 101, operationId: 'h' }),
  ],
  ['no rule', check({ resource: 'video', subject: U1, operationId: 'i' })],
  [
    'a value in need of escaping',
    check({ resource: 'ocr', subject: { user: 'a:{b}&c=d e/%00"' }, operationId: 'j' }),
  ],
  ['a missing attribute', check({ resource: 'ocr', subject: { grade: '3' }, operationId: 'k' })],
  ['several errors', check(junk({ resource: '', subject: {}, amount: -1, colour: 'red', operationId: 'l' }))],
  ['a number for a subject', check(junk({ resource: 'ocr', subject: { user: 5 }, operationId: 'm' }))],
  ['a lone surrogate', check({ resource: 'ocr', subject: { user: '\ud800' }, operationId: 'n' })],
  [
    'a batch',
    batch(
      { resource: 'ocr', subject: { user: 'u3' }, amount: 3, operationId: 'o' },
      { resource: 'ocr', subject: { user: 'u3' }, operationId: 'p' },
      { resource: 'ocr', subject: { user: 'u4' }, operationId: 'a' },
      { resource: 'video', subject: U1, operationId: 'q' },
    ),
  ],
  [
    'a batch with an error',
    batch(
      { resource: 'ocr', subject: U1, operationId: 'r' },
      { resource: 'ocr', subject: {}, operationId: 's' },
    ),
  ],
  ['usage', usage({ resource: 'ocr', subject: U1 })],
  ['usage of several rules', usage({ resource: 'llm', subject: U1 })],
  ['usage of a value in need of escaping', usage({ resource: 'ocr', subject: { user: 'a:{b}&c=d e/%00"' } })],
  ['usage without rules', usage({ resource: 'video', subject: U1 })],
  ['usage without an attribute', usage({ resource: 'ocr', subject: { grade: '3' } })],
];

/** What a caller sees, whichever class the errors have; a wait is rounded to tenths of a minute. */
async function outcomeOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(seen, seen);
}

function seen(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(seen);
  if (answer instanceof QuotaError || answer instanceof QuotaClientError) {
    const { code, message, errors, retryable } = answer;
    return { code, message, errors, retryable };
  }
  const { retryAfterMs, ...rest } = answer as Decision & Usage;
  return { ...rest, ...(retryAfterMs !== undefined && { retryAfter: Math.round(retryAfterMs / 6_000) }) };
}

describe.each(STORES)('QuotaClient through a service on the %s store', (store) => {
  let service: RunningService;
  let client: QuotaClient;
  let engine: QuotaEngine;

  beforeAll(async () => {
    const env = { SUNDIAL_RULES_FILE: RULES_FILE, SUNDIAL_CLOCK_OFFSET_MS: String(clockOffsetMs) };
    service = await RunningService.start(
      { ...env, SUNDIAL_CHECK_KEYS: 'app', SUNDIAL_DEADLINE_MS: '1000' },
      store,
    );
    client = new QuotaClient({ url: `http://127.0.0.1:${service.port}`, key: 'app', deadlineMs: 5_000 });
    const rules = [...(await loadRuleFile(RULES_FILE))].sort((a, b) => (a.id < b.id ? -1 : 1));
    engine = engineOn({
      store: await MemoryStore.open({ clockOffsetMs }),
      rules: new LiveRules(new RuleBook(1, rules)),
    });
  });

  afterAll(async () => {
    await engine.close();
    await service.stop();
  });

  it.each(HISTORY)('answers as an engine in the process does: %s', async (_what, step) => {
    const near = await outcomeOf(step(engine));
    expect(await outcomeOf(step(client))).toEqual(near);
  });

  it('counts a repeated check once, also when the first answer was lost', async () => {
    const lossy = new QuotaClient({
      url: `http://127.0.0.1:${service.port}`,
      key: 'app',
      fetch: async (input, init) => {
        await fetch(input, init);
        throw new TypeError('fetch failed');
      },
    });
    const request = { resource: 'ocr', subject: { user: 'u9' }, operationId: 'lost' };
    await expect(lossy.check(request)).resolves.toMatchObject({
      allowed: true,
      degraded: { cause: 'unreachable', policy: 'allow' },
    });
    await lossy.close({ timeoutMs: 0 });
    await expect(client.check(request)).resolves.toMatchObject({ allowed: true, replayed: true });
    const { limits } = await client.usage({ resource: 'ocr', subject: { user: 'u9' } });
    expect(limits.map(({ used }) => used)).toEqual([1, 1]);
  });

  it.each([[undefined], ['wrong']])("says that a key is not one of the service's: %s", async (key) => {
    const url = `http://127.0.0.1:${service.port}`;
    const stranger = new QuotaClient({ url, ...(key !== undefined && { key }) });
    await expect(stranger.check({ resource: 'ocr', subject: U1 })).rejects.toMatchObject({
      status: 401,
      code: key === undefined ? 'missing-key' : 'wrong-key',
      retryable: false,
      requestId: expect.any(String),
    });
  });
});
