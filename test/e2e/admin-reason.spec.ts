import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';

const KEY = 'admin-key-of-16-chars';
const REASON = 'the exam week';
const LIMITS = [{ window: 'day', max: 5 }];
const UNTIL = new Date(Date.now() + 60_000).toISOString();
const BRAKE = { resource: 'sms', subject: { user: 'pupil-4711' }, percent: 10, until: UNTIL };

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start({
    env: { SUNDIAL_ADMIN_KEYS: `ops=${KEY}`, SUNDIAL_REQUIRE_REASON: 'true', SUNDIAL_LAME_DUCK_MS: '0' },
  });
});
afterAll(() => service.stop());

const ask = (method: string, path: string, body?: unknown) =>
  service.fetchJson(method, path, body, { authorization: `Bearer ${KEY}` });

/** The event of a write that was done. */
async function eventOf(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const { headers, body: answer } = await ask(method, path, body);
  const reqId = headers.get('x-request-id');
  return eventually(() => {
    const lines = service.stdout.split('\n').filter(Boolean);
    const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const event = all.find((line) => line['reqId'] === reqId && 'action' in line);
    return event && { ...event, answer };
  });
}

/** Every write of an operator: once without a reason, once with it. */
const WRITES: readonly (readonly [action: string, method: string, path: string, body: object | undefined])[] =
  [
    ['rule-created', 'POST', '/admin/rules', { id: 'r1', resource: 'sms', per: ['user'], limits: LIMITS }],
    ['rule-changed', 'PATCH', '/admin/rules/r1', { limits: [{ window: 'day', max: 6 }] }],
    ['rule-changed', 'PUT', '/admin/rules/r1', { resource: 'sms', per: ['user'], limits: LIMITS }],
    ['gate-set', 'PUT', '/admin/gates/sms', { gate: 'open' }],
    ['gate-set', 'PUT', '/admin/gates', { gate: 'normal' }],
    ['brake-set', 'PUT', '/admin/brakes', BRAKE],
    ['drill-begun', 'PUT', '/admin/drills/rehearsed', { fault: 'store', percent: 1, until: UNTIL }],
    ['drill-ended', 'DELETE', '/admin/drills/rehearsed', undefined],
    [
      'usage-corrected',
      'PUT',
      '/admin/subjects/usage',
      { rule: 'r1', subject: { user: 'pupil-4711' }, limits: [{ window: 'day', used: 2 }] },
    ],
    ['subject-reset', 'POST', '/admin/subjects/reset', { rule: 'r1', subject: { user: 'pupil-4711' } }],
    [
      'pack-added',
      'POST',
      '/admin/packs',
      { resource: 'sms', subject: { user: 'pupil-4711' }, amount: 2, operationId: 'order-1' },
    ],
    ['rule-deleted', 'DELETE', '/admin/rules/r1', undefined],
    ['rules-replaced', 'PUT', '/admin/rules', { rules: [] }],
  ];

describe('a write of an operator', () => {
  it.each(WRITES)('%s (%s %s) says why, and is an event', async (action, method, path, body) => {
    const refused = await ask(method, path, body);
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ path: 'reason' }] },
    });
    const isInQuery = body === undefined || path.startsWith('/admin/rules');
    const query = isInQuery ? `?reason=${encodeURIComponent(REASON)}` : '';
    const event = await eventOf(method, path + query, isInQuery ? body : { ...body, reason: REASON });
    expect(event).toMatchObject({ action, actor: 'ops', reason: REASON, target: expect.any(Object) });
  });

  it('is known with what was there before and what is there now', async () => {
    const reason = `?reason=${encodeURIComponent(REASON)}`;
    const rule = { id: 'r2', resource: 'sms', per: ['user'], limits: LIMITS };
    expect(await eventOf('POST', `/admin/rules${reason}`, rule)).toMatchObject({ after: rule });
    const changed = await eventOf('PATCH', `/admin/rules/r2${reason}`, {
      limits: [{ window: 'day', max: 9 }],
    });
    expect(changed).toMatchObject({ before: rule, after: { limits: [{ max: 9 }] }, target: { rule: 'r2' } });
    const brake = await eventOf('PUT', '/admin/brakes', { ...BRAKE, reason: REASON });
    expect(brake).toMatchObject({ target: { resource: 'sms', ofOneSubject: true }, before: { percent: 10 } });
    const corrected = (used: number) => ({ limits: [{ window: 'day', used }] });
    for (const [used, before] of [
      [4, 0],
      [7, 4],
    ] as const) {
      const correction = { rule: 'r2', subject: { user: 'pupil-4711' }, ...corrected(used), reason: REASON };
      expect(await eventOf('PUT', '/admin/subjects/usage', correction)).toMatchObject({
        ...{ before: corrected(before), after: corrected(used) },
      });
    }
    expect(service.stdout).not.toContain('pupil-4711');
  });

  it('needs no reason where it changes nothing, and takes no parameter that it does not know', async () => {
    expect((await ask('PUT', '/admin/rules?dryRun=true', { rules: [] })).status).toBe(200);
    expect((await ask('DELETE', '/admin/rules/r2?resaon=x')).body).toMatchObject({
      errors: [{ path: 'resaon' }],
    });
    expect((await ask('DELETE', '/admin/brakes/x?resaon=x')).body).toMatchObject({
      errors: [{ path: 'resaon' }],
    });
    expect((await ask('DELETE', '/admin/rules/r2?reason=')).body).toMatchObject({
      errors: [{ path: 'reason' }],
    });
  });
});
