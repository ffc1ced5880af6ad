import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotaClient } from '@sundial/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService, STARTED_AT, STORES } from '../support/running-service.js';

const OCR = { resource: 'ocr', subject: { user: 'r1' } };
const REPORT = { ...OCR, decidedAt: STARTED_AT, allowed: true, policy: 'allow', attempted: false };

const usedOf = async (service: RunningService, user: string): Promise<number[]> => {
  const { body } = await service.api.get(`/usage?resource=ocr&user=${user}`);
  return (body.limits as { used: number }[]).map(({ used }) => used);
};
const hasUsed = (service: RunningService, user: string, used: readonly number[]) =>
  eventually(async () => {
    expect(await usedOf(service, user)).toEqual(used);
    return true;
  });
const outcomesOf = (body: { results: { outcome: string }[] }) => body.results.map(({ outcome }) => outcome);

describe.each(STORES)('POST /reports, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const report = (reports: unknown) => service.api.post('/reports').send({ reports });

  it('answers an outcome for each, in their order, and counts them', async () => {
    const first = { ...REPORT, operationId: 'o1' };
    const { status, body } = await report([first, first, { ...first, resource: 'video' }]);
    expect(status).toBe(200);
    expect(body).toEqual({
      results: [
        { operationId: 'o1', outcome: 'counted' },
        { operationId: 'o1', outcome: 'already-counted' },
        { operationId: 'o1', outcome: 'voided' },
      ],
    });
    expect(await usedOf(service, 'r1')).toEqual([1, 1]);
    const { text } = await service.api.get('/metrics');
    expect(text).toContain('sundial_reports_total{outcome="counted"} 1\n');
    expect(text).toContain('sundial_reports_total{outcome="already-counted"} 1\n');
  });

  it('takes a thousand at once, of 4 KiB each', async () => {
    const long = 'x'.repeat(250);
    const subject = { user: `thousand`, ...Object.fromEntries([...'abcdefg'].map((name) => [name, long])) };
    const reports = Array.from({ length: 1_000 }, (_, n) => ({ ...REPORT, subject, operationId: `t${n}` }));
    const { status, body } = await report(reports);
    expect(status).toBe(200);
    expect(outcomesOf(body).every((outcome) => outcome === 'counted')).toBe(true);
    await hasUsed(service, 'thousand', [1_000, 1_000]);
  });

  it.each([
    ['no list', { reports: {} }, 'reports'],
    ['an empty list', { reports: [] }, 'reports'],
    ['1001 reports', { reports: Array(1001).fill({ ...REPORT, operationId: 'o' }) }, 'reports'],
    ['an unknown field beside the list', { reports: [REPORT], dryRun: true }, 'dryRun'],
    ['an unknown field', { reports: [{ ...REPORT, operationId: 'o', cause: 'timeout' }] }, 'reports.0.cause'],
    ['no operation id', { reports: [REPORT] }, 'reports.0.operationId'],
    [
      'a time that is none',
      { reports: [{ ...REPORT, operationId: 'o', decidedAt: '18.11.2026' }] },
      'reports.0.decidedAt',
    ],
    [
      'a time in the future',
      { reports: [{ ...REPORT, operationId: 'o', decidedAt: '2027-01-01T00:00:00Z' }] },
      'reports.0.decidedAt',
    ],
  ])('refuses %s', async (_what, body, path) => {
    const answer = await service.api.post('/reports').type('json').send(JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ path, message: expect.any(String) }));
  });
});

describe('POST /reports while Redis is away', () => {
  it('answers that they are counted, also of an operation that is repeated, and counts them when it is back', async () => {
    const redis = await RedisProcess.start();
    const service = await RunningService.start({
      REDIS_URL: redis.url,
      SUNDIAL_DEADLINE_MS: '100',
      SUNDIAL_CLOCK_OFFSET_MS: '0',
    });
    const decidedAt = new Date().toISOString();
    const of = (operationId: string, more: object = {}) => ({ ...REPORT, operationId, decidedAt, ...more });
    const refused = { allowed: false, policy: 'deny', attempted: true };
    try {
      await service.api.post('/check').send({ ...OCR, operationId: 'before' });
      await service.api.post('/check').send({ ...OCR, operationId: 'refused' });
      redis.freeze();
      await eventually(async () => {
        const { body } = await service.api
          .post('/check')
          .send({ resource: 'ocr', subject: { user: 'other' } });
        return body.degraded?.cause === 'breaker-open';
      });
      const reports = [
        of('o1'),
        of('o2'),
        of('before', { attempted: true }),
        of('refused', refused),
        of('o1'),
      ];
      const { status, body } = await service.api.post('/reports').send({ reports });
      expect(status).toBe(200);
      expect(outcomesOf(body)).toEqual(['counted', 'counted', 'counted', 'voided', 'already-counted']);
      redis.thaw();
      await hasUsed(service, 'r1', [3, 3]);
    } finally {
      redis.thaw();
      await service.stop();
      await redis.stop();
    }
  });

  it('keeps them over a restart', async () => {
    const redis = await RedisProcess.start();
    let service = await RunningService.start({
      REDIS_URL: redis.url,
      SUNDIAL_DEADLINE_MS: '100',
      SUNDIAL_CLOCK_OFFSET_MS: '0',
    });
    try {
      await service.api.post('/check').send(OCR);
      redis.freeze();
      const reports = [{ ...REPORT, operationId: 'o1', decidedAt: new Date().toISOString(), amount: 2 }];
      const { body } = await service.api.post('/reports').send({ reports });
      expect(outcomesOf(body)).toEqual(['counted']);
      const restarted = service.restart();
      await sleep(200);
      redis.thaw();
      service = await restarted;
      await hasUsed(service, 'r1', [3, 3]);
      const { body: again } = await service.api.post('/reports').send({ reports });
      expect(outcomesOf(again)).toEqual(['already-counted']);
    } finally {
      redis.thaw();
      await service.stop();
      await redis.stop();
    }
  });
});

describe.each(STORES)('a client whose service comes back, %s', (store) => {
  it('delivers what it decided, and the counters are what was allowed', async () => {
    const port = await freePort();
    const client = new QuotaClient({
      url: `http://127.0.0.1:${port}`,
      fallback: { llm: 'deny', default: 'allow' },
    });
    const [ocr, llm] = [
      { resource: 'ocr', subject: { user: 'offline' } },
      { resource: 'llm', subject: { user: 'offline' } },
    ];
    const decisions = await client.checkBatch(Array.from({ length: 12 }, () => ocr));
    await client.check(llm);
    const { reservation } = await client.reserve({ ...ocr, amount: 5 });
    await client.commit(reservation!.id, { amount: 4 });
    await client.release((await client.reserve({ ...ocr, amount: 5 })).reservation!.id);
    expect(decisions.every((decision) => 'allowed' in decision && decision.allowed)).toBe(true);

    const service = await RunningService.start({ PORT: String(port), SUNDIAL_CLOCK_OFFSET_MS: '0' }, store);
    try {
      const { outcomes, pending } = await client.flush({ timeoutMs: 5_000 });
      expect({ outcomes, pending }).toEqual({ outcomes: { counted: 13, voided: 1 }, pending: 0 });
      expect(await usedOf(service, 'offline')).toEqual([16, 16]);
      expect((await client.usage(llm)).limits[0]).toMatchObject({ used: 0 });
      expect([...client.affected()].map(({ outcome }) => outcome)).not.toContain(null);
    } finally {
      await client.close({ timeoutMs: 0 });
      await service.stop();
    }
  });
});
