import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

describe.each(STORES)('POST /check/batch, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const batch = (checks: unknown) => service.api.post('/check/batch').send({ checks });
  const ocr = (user: string, more: object = {}) => ({ resource: 'ocr', subject: { user }, ...more });

  it('decides each check on its own, in order', async () => {
    const { status, body } = await batch([
      ocr('b1'),
      ocr('b1', { amount: 11 }),
      ocr('b2'),
      { resource: 'video', subject: { user: 'b1' } },
    ]);
    expect(status).toBe(200);
    expect(body.decisions).toMatchObject([
      { allowed: true, limits: [{ used: 1 }, { used: 1 }] },
      { allowed: false, reason: 'amount-exceeds-limit' },
      { allowed: true, limits: [{ used: 1 }, { used: 1 }] },
      { allowed: true, reason: 'no-rule' },
    ]);
  });

  it('never counts more than the limit, in whatever order its checks run', async () => {
    const { body } = await batch(Array.from({ length: 1000 }, () => ocr('b3')));
    const decisions = body.decisions as { allowed: boolean }[];
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(3);
    expect(decisions).toHaveLength(1000);
  });

  it('puts a conflict of one operation into its place and decides the rest', async () => {
    const operationId = `batch-conflict-${store}`;
    await service.api.post('/check').send(ocr('b4', { operationId }));
    const { status, body } = await batch([ocr('b4', { operationId, amount: 2 }), ocr('b4')]);
    expect(status).toBe(200);
    expect(body.decisions).toEqual([
      {
        operationId,
        error: {
          code: 'operation-conflict',
          title: expect.any(String),
          status: 409,
          detail: expect.stringContaining(operationId),
        },
      },
      expect.objectContaining({ allowed: true }),
    ]);
  });

  it('refuses the whole batch for one bad check, says which, and counts nothing', async () => {
    const { status, body } = await batch([ocr('b5'), { resource: 'ocr', subject: { user: 7 } }]);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: 'checks.1.subject.user', message: expect.any(String) }]);
    const usage = await service.api.get('/usage?resource=ocr&user=b5');
    expect(usage.body.limits).toMatchObject([{ used: 0 }, { used: 0 }]);
  });

  it.each([
    ['no list', { checks: {} }],
    ['an empty list', { checks: [] }],
    ['1001 checks', { checks: Array.from({ length: 1001 }, () => ocr('b6')) }],
    ['an unknown field', { checks: [ocr('b6')], dryRun: true }],
    ['a list as the body', [ocr('b6')]],
    ['null as the body', null],
  ])('refuses %s', async (_what, body) => {
    const answer = await service.api.post('/check/batch').type('json').send(JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(answer.body.errors.length).toBeGreaterThan(0);
  });

  it('takes bodies that are too large for a single check', async () => {
    const long = 'x'.repeat(250);
    const checks = Array.from({ length: 1000 }, (_, index) =>
      ocr(`${index}`, { operationId: `${store}-${index}`, subject: { user: `${index}`, a: long, b: long } }),
    );
    const { status, body } = await batch(checks);
    expect(status).toBe(200);
    expect(body.decisions).toHaveLength(1000);
  });
});

/** An embedded check that came late after a stall used to be decided by policy, from counts this node did not have. */
describe('a batch that takes longer than the deadline', () => {
  it('is decided by the embedded store all the same', async () => {
    const service = await RunningService.start({ SUNDIAL_DEADLINE_MS: '5' });
    const checks = Array.from({ length: 1000 }, () => ({ resource: 'ocr', subject: { user: 'late' } }));
    const { body } = await service.api.post('/check/batch').send({ checks });
    await service.stop();
    const decisions = body.decisions as { allowed: boolean; degraded: unknown }[];
    expect(decisions.filter(({ degraded }) => degraded)).toEqual([]);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(3);
  });
});
