import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/running-service.js';

/** So many that deciding them takes several times as long as a check may wait for Redis, on a machine that others use too. */
const BATCHES = 10;
const DEADLINE_MS = 250;
const CHECKS = 1_000;

// Three ordinary batches on a healthy Redis brought about 2,754 allowed of a limit of 10, by policy allow.
describe('batches in parallel on a healthy Redis', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({ SUNDIAL_DEADLINE_MS: String(DEADLINE_MS) }, 'redis');
    const limits = [{ window: 'day', max: 10 }];
    const rule = { id: 'r', resource: 'r', per: ['user'], timeZone: 'UTC', limits, degrade: 'allow' };
    await service.api.post('/admin/rules').send(rule).expect(201);
  });
  afterAll(() => service.stop());

  it('bring about no degraded decision, and never more than the limit', async () => {
    const checks = Array.from({ length: CHECKS }, () => ({ resource: 'r', subject: { user: 'u1' } }));
    const answers = await Promise.all(
      Array.from({ length: BATCHES }, () => service.api.post('/check/batch').send({ checks })),
    );
    const decisions = answers.flatMap(
      ({ body }) => body.decisions as { allowed: boolean; degraded: object | null }[],
    );
    expect(decisions.filter(({ degraded }) => degraded)).toHaveLength(0);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(10);
  });
});
