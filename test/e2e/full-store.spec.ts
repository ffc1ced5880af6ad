import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

describe('a service with SUNDIAL_MAX_SUBJECTS', () => {
  let service: RunningService;
  afterEach(() => service.stop());
  const check = async (user: string) =>
    (await service.api.post('/check').send({ resource: 'ocr', subject: { user } })).body;

  it('goes on exactly for whom it knows, decides by policy for others, and says so everywhere', async () => {
    service = await RunningService.start({ SUNDIAL_MAX_SUBJECTS: '2' });
    await check('u1');
    await check('u2');
    expect((await service.api.get('/health/ready')).body.conditions).toEqual([]);
    expect(await check('u3')).toMatchObject({
      allowed: false,
      reason: 'degraded',
      degraded: { cause: 'overloaded', policy: 'deny' },
    });
    expect(await check('u1')).toMatchObject({
      allowed: true,
      degraded: null,
      limits: [{ used: 2 }, { used: 2 }],
    });

    const { status, body } = await service.api.get('/health/ready');
    expect([status, body.store.mode]).toEqual([200, 'exact']);
    expect(body.conditions).toEqual([
      {
        ...{ condition: 'capacity', severity: 'warn', code: 'capacity', params: { max: 2 } },
        sentence: expect.stringContaining('SUNDIAL_MAX_SUBJECTS'),
      },
    ]);
    const { text } = await service.api.get('/metrics');
    expect(text).toContain('sundial_embedded_counters{which="held"} 2');
    expect(text).toContain('sundial_embedded_counters{which="max"} 2');
    expect(text).toContain('sundial_degraded_decisions_total{cause="overloaded",policy="deny"} 1');
    await eventually(async () => {
      return (await service.api.get('/admin/alarms')).text.includes('"pattern":"store-full"');
    });
  });

  it('keeps all it had after a restart with a lower bound, and has no room for others', async () => {
    service = await RunningService.start({ SUNDIAL_MAX_SUBJECTS: '3' });
    for (const user of ['u1', 'u2', 'u3']) await check(user);
    service = await service.restart();
    expect(await check('u3')).toMatchObject({ allowed: true, limits: [{ used: 2 }, { used: 2 }] });
    expect(await check('u4')).toMatchObject({ reason: 'degraded' });
  });
});
