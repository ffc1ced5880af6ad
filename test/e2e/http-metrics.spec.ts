import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService } from '../support/running-service.js';

/** Reads one series, such as `sundial_checks_total{reason="ok"}`; undefined when it is not there. */
async function metric(service: RunningService, series: string): Promise<number | undefined> {
  const { text } = await service.api.get('/metrics');
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('GET /metrics', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start();
  });
  afterAll(() => service.stop());

  const check = (resource: string, subject: object, more: object = {}) =>
    service.api.post('/check').send({ resource, subject, ...more });
  const decisions = (rule: string, outcome: string) =>
    metric(service, `sundial_decisions_total{rule="${rule}",outcome="${outcome}"}`);

  it('is Prometheus text', async () => {
    const { headers } = await service.api.get('/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('counts decisions by rule and what it said', async () => {
    for (let count = 0; count < 4; count++) await check('ocr', { user: 'm1' });
    await check('ocr', { user: 'm2' }, { operationId: 'twice' });
    await check('ocr', { user: 'm2' }, { operationId: 'twice' });
    await check('export', { account: 'm1' }, { amount: 101 });
    await check('llm', { user: 'm1' }, { amount: 21 });
    expect(await decisions('ocr-per-user', 'allowed')).toBe(4);
    expect(await decisions('ocr-per-user', 'denied')).toBe(1);
    expect(await decisions('ocr-per-user', 'replayed')).toBe(1);
    expect(await decisions('export-per-account', 'would-deny')).toBe(1);
    expect(await decisions('llm-per-user', 'denied')).toBe(1);
    expect(await decisions('llm-budget', 'spared')).toBe(1);
    // A page that lists rules asks for the same numbers of those on it.
    const { body } = await service.api.get('/admin/rule-use?rules=ocr-per-user,export-per-account,no-such');
    expect(body.rules).toEqual([
      { rule: 'ocr-per-user', allowed: 4, denied: 1, wouldDeny: 0 },
      { rule: 'export-per-account', allowed: 0, denied: 0, wouldDeny: 1 },
      { rule: 'no-such', allowed: 0, denied: 0, wouldDeny: 0 },
    ]);
    for (const query of [
      '',
      '?rules=',
      '?rules=a,',
      '?rules=a&more=1',
      `?rules=${Array.from({ length: 101 }, (_, n) => n).join()}`,
    ])
      await service.api.get(`/admin/rule-use${query}`).expect(400);
  });

  it('counts checks by their reason, batches and those without a rule included', async () => {
    const before = (await metric(service, 'sundial_checks_total{reason="no-rule"}')) ?? 0;
    const unknown = { resource: 'video', subject: { user: 'm3' } };
    await service.api.post('/check').send(unknown);
    await service.api.post('/check/batch').send({ checks: [unknown, unknown] });
    expect(await metric(service, 'sundial_checks_total{reason="no-rule"}')).toBe(before + 3);
  });

  it('counts how long checks take', async () => {
    const before = (await metric(service, 'sundial_check_duration_seconds_count')) ?? 0;
    await check('ocr', { user: 'm4' });
    expect(await metric(service, 'sundial_check_duration_seconds_count')).toBe(before + 1);
    expect(await metric(service, 'sundial_check_duration_seconds_sum')).toBeGreaterThan(0);
  });

  it('counts checks without a rule by the resource that was probably meant, while a rule names that', async () => {
    const limits = [{ window: 'day', max: 5 }];
    const rule = { id: 'short', resource: 'speech', per: ['user'], limits };
    const nearest = (name: string) => metric(service, `sundial_no_rule_checks_total{nearest="${name}"}`);
    const made = (await nearest('')) ?? 0;
    await service.api.post('/admin/rules').send(rule).expect(201);
    await check('Speech', { user: 'm5' });
    for (let n = 0; n < 50; n++) await check(`q${n}q`, { user: 'm5' });
    expect(await nearest('speech')).toBe(1);
    expect(await nearest('')).toBe(made + 50);
    await service.api.delete('/admin/rules/short').expect(200);
    expect(await nearest('speech')).toBeUndefined();
    expect(await nearest('')).toBe(made + 50);
  });

  it('keeps no series of what callers make up, nor of rules that are gone', async () => {
    await check('made-up-resource', { user: 'made-up-user' });
    const rule = { id: 'short-lived', resource: 'short', per: ['user'], limits: [{ window: 'day', max: 1 }] };
    await service.api.post('/admin/rules').send(rule).expect(201);
    await check('short', { user: 'm5' });
    expect(await decisions('short-lived', 'allowed')).toBe(1);
    await service.api.delete('/admin/rules/short-lived').expect(200);
    const { text } = await service.api.get('/metrics');
    expect(text).not.toContain('short-lived');
    expect(text).not.toContain('made-up');
  });

  it.each([
    'sundial_in_flight',
    'sundial_live_streams',
    'sundial_rules_version',
    'sundial_nodes_live',
    'sundial_store_state{state="exact"}',
    'sundial_store_breaker{state="closed"}',
    'sundial_store_in_flight',
    'sundial_settlements_pending',
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
  ])('shows %s', async (series) => {
    expect(await metric(service, series)).toEqual(expect.any(Number));
  });
});

describe('while Redis is away', () => {
  it('every degraded decision is counted, with its cause and policy', async () => {
    const redis = await RedisProcess.start();
    const service = await RunningService.start({ REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '50' });
    redis.freeze();
    const degraded: string[] = [];
    await eventually(async () => {
      const { body } = await service.api.post('/check').send({ resource: 'llm', subject: { user: 'u1' } });
      if (body.degraded) degraded.push(`cause="${body.degraded.cause}",policy="${body.degraded.policy}"`);
      return degraded.length > 20;
    });
    for (const labels of new Set(degraded)) {
      const count = degraded.filter((each) => each === labels).length;
      expect(await metric(service, `sundial_degraded_decisions_total{${labels}}`)).toBe(count);
    }
    expect(await metric(service, 'sundial_store_state{state="degraded"}')).toBe(1);
    expect(await metric(service, 'sundial_store_transitions_total{mode="degraded"}')).toBe(1);
    expect(
      await metric(service, 'sundial_decisions_total{rule="llm-budget",outcome="degraded-denied"}'),
    ).toBe(degraded.length);
    redis.thaw();
    await service.stop();
    await redis.stop();
  });
});
