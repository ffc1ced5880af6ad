import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start({
    SUNDIAL_ADMIN_KEYS: 'ops=admin-secret',
    SUNDIAL_CHECK_KEYS: 'app=check-secret',
    // What a drill of the store lets wait, waits for so long.
    SUNDIAL_DEADLINE_MS: '100',
  });
});
afterAll(() => service.stop());

const request = async (method: string, path: string, body?: object, key = 'admin-secret') => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const init = {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(1_500),
  };
  const response = await fetch(`${service.url}${path}`, init);
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  const json = (await response.json()) as any;
  return { status: response.status, body: json };
};
let user: string;
let users = 0;
beforeEach(() => {
  user = `u${users++}`;
});
const check = (resource = 'ocr', more: object = {}) =>
  request('POST', '/check', { resource, subject: { user }, ...more }, 'check-secret');
const inMs = (ms: number) => new Date(service.engine.now() + ms).toISOString();
const metric = async (series: string) => {
  const response = await fetch(`${service.url}/metrics`, {
    headers: { authorization: 'Bearer check-secret' },
  });
  const line = (await response.text()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
const activePatterns = async () => {
  const { body } = await request('GET', '/admin/alarms');
  return (body.active as { pattern: string }[]).map(({ pattern }) => pattern);
};
/** How an answer did not come: `TypeError` where the connection ended, `TimeoutError` where nothing happened. */
const failed = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: Error) => error.name,
  );

describe('/admin/gates, /admin/brakes and /admin/drills', () => {
  it('are for admin keys, and say who set what', async () => {
    expect((await request('GET', '/admin/gates', undefined, 'check-secret')).status).toBe(403);
    const closed = await request('PUT', '/admin/gates/ocr', { gate: 'closed', reason: 'r' });
    expect(closed).toMatchObject({
      status: 200,
      body: {
        gate: { resource: 'ocr', gate: 'closed', reason: 'r', setBy: 'ops' },
        nodes: { live: 1, applied: 1 },
        stored: true,
      },
    });
    expect((await request('GET', '/admin/gates')).body.gates).toEqual([closed.body.gate]);
    expect((await check()).body).toMatchObject({
      reason: 'gate-closed',
      gate: { state: 'closed', until: null },
    });
    expect(await metric('sundial_gate_state{resource="ocr",state="closed"}')).toBe(1);
    expect(await metric('sundial_gate_decisions_total{state="closed"}')).toBe(1);
    await eventually(async () => (await activePatterns()).includes('gate-set'));
    expect((await request('PUT', '/admin/gates/ocr', { gate: 'normal' })).status).toBe(200);
    expect(await metric('sundial_gate_state{resource="ocr",state="closed"}')).toBeUndefined();
    await eventually(async () => !(await activePatterns()).includes('gate-set'));
  });

  it('refuse bad input with its place, and what is not there', async () => {
    expect(await request('PUT', '/admin/gates/ocr', { gate: 'ajar' })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ path: 'gate' }] },
    });
    expect(await request('PUT', '/admin/brakes', { resource: 'ocr', percent: 0 })).toMatchObject({
      status: 400,
    });
    expect(await request('DELETE', '/admin/brakes/none')).toMatchObject({
      status: 404,
      body: { code: 'brake-not-found' },
    });
    expect(await request('DELETE', '/admin/drills/ocr')).toMatchObject({
      status: 404,
      body: { code: 'drill-not-found' },
    });
  });

  it('turn one subject down, and count whom', async () => {
    const brake = { resource: 'ocr', subject: { user }, percent: 100, until: inMs(60_000) };
    const { body } = await request('PUT', '/admin/brakes', { ...brake, onDeny: { code: 'SLOW' } });
    expect((await check()).body).toMatchObject({ reason: 'braked', onDeny: { code: 'SLOW' } });
    expect(await metric('sundial_braked_total{resource="ocr"}')).toBe(1);
    expect(await metric('sundial_brakes{resource="ocr"}')).toBe(1);
    expect((await request('DELETE', `/admin/brakes/${body.brake.id}`)).body.brake).toEqual(body.brake);
    expect((await check()).body).toMatchObject({ reason: 'ok' });
  });
});

describe('a drill', () => {
  const drill = (fault: string, ms = 60_000) =>
    request('PUT', '/admin/drills/ocr', { fault, percent: 100, until: inMs(ms) });
  const entries = async () => {
    const checks = ['ocr', 'llm'].map((resource) => ({ resource, subject: { user } }));
    return (await request('POST', '/check/batch', { checks }, 'check-secret')).body.decisions;
  };

  it('of the client drops the connections of its resource, and nothing else', async () => {
    expect((await drill('client')).body.drill).toMatchObject({
      resource: 'ocr',
      fault: 'client',
      setBy: 'ops',
    });
    expect(await failed(check())).toBe('TypeError');
    expect(await failed(request('GET', `/usage?resource=ocr&user=${user}`))).toBe('TypeError');
    expect(await failed(request('POST', '/reservations', { resource: 'ocr', subject: { user } }))).toBe(
      'TypeError',
    );
    expect((await check('llm')).body).toMatchObject({ reason: 'ok' });
    expect(await entries()).toMatchObject([
      { error: { code: 'drill-fault', status: 500 } },
      { reason: 'ok' },
    ]);
    expect((await request('GET', '/health/ready')).status).toBe(200);
    expect(await metric('sundial_drill_faults_total{effect="dropped"}')).toBe(4);
    expect(await metric('sundial_drills{resource="ocr",fault="client"}')).toBe(1);
    await eventually(async () => (await activePatterns()).includes('drill-running'));
    expect((await request('DELETE', '/admin/drills/ocr')).status).toBe(200);
    expect((await check()).body).toMatchObject({ reason: 'ok', limits: [{ used: 1 }, { used: 1 }] });
  });

  it('of the service answers 500, or nothing until the caller gives up', async () => {
    await drill('service');
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        check('ocr', { operationId: `s${i}` }).then(
          ({ status, body }) => `${status} ${body.code}`,
          (error: Error) => error.name,
        ),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['500 drill-fault', 'TimeoutError']));
    expect((await check('llm')).status).toBe(200);
    await request('DELETE', '/admin/drills/ocr');
    await eventually(async () => (await metric('sundial_in_flight')) === 1);
  });

  it('of the store is decided without it, and ends by itself', async () => {
    await drill('store', 1_500);
    const first = await check('ocr', { operationId: 'd1' });
    expect(first.body).toMatchObject({ allowed: true, degraded: { cause: 'timeout', policy: 'local' } });
    expect((await entries()).map(({ degraded }: { degraded: object | null }) => degraded === null)).toEqual([
      false,
      true,
    ]);
    await eventually(async () => (await check('ocr', { operationId: 'd1' })).body.degraded === null);
    expect((await request('GET', '/admin/drills')).body).toEqual({ drills: [] });
    expect((await check('ocr', { operationId: 'd1' })).body).toMatchObject({
      replayed: true,
      limits: [{ used: 2 }, {}],
    });
  });
});
