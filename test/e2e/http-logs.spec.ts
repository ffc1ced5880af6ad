import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const EVIL = '\u001b[31mscarlet\r\n{"level":60,"msg":"forged"}\u2028';

function lines(service: ServiceProcess): Record<string, unknown>[] {
  return service.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await ServiceProcess.start({ env: { LOG_LEVEL: 'debug', SUNDIAL_LAME_DUCK_MS: '0' } });
  });
  afterAll(() => service.stop());

  it('is one JSON object a line, whatever callers send', async () => {
    await service.fetchJson('POST', '/check', { resource: 'ocr', subject: { user: EVIL } });
    await service.fetchJson('POST', '/check', { resource: EVIL, subject: { [EVIL]: 'x' } });
    await service.fetchJson('GET', `/usage?resource=ocr&user=${encodeURIComponent(EVIL)}`);
    await service.fetchJson('GET', `/${encodeURIComponent(EVIL)}`);
    await service.fetchJson('GET', `/admin/rules/${encodeURIComponent(EVIL)}`);
    await service.fetchJson('POST', '/admin/rules', { id: EVIL, onDeny: EVIL });
    await service.fetchJson('POST', '/check', EVIL, { 'x-request-id': 'a{b}"c' });
    await eventually(() => lines(service).some(({ reqId }) => reqId === 'a{b}"c'));
    expect(lines(service).every((line) => typeof line['msg'] === 'string')).toBe(true);
    expect(lines(service).map(({ msg }) => msg)).not.toContain('forged');
    expect(service.output).not.toContain('\u001b');
    expect(service.stdout).not.toContain('scarlet');
  });

  it('names requests by their id, route and status, and neither subjects nor bodies', async () => {
    const { headers } = await service.fetchJson('POST', '/check', {
      resource: 'ocr',
      subject: { user: 'pupil-4711' },
    });
    const line = await eventually(() =>
      lines(service).find(({ reqId }) => reqId === headers.get('x-request-id')),
    );
    expect(line).toMatchObject({
      method: 'POST',
      route: '/check',
      status: 200,
      ms: expect.any(Number),
      msg: 'answered',
    });
    expect(service.stdout).not.toContain('pupil-4711');
  });

  it('names the trace that a caller says its request is part of, also where the service traces nothing', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const ask = (traceparent: string) =>
      service.fetchJson('POST', '/check', { resource: 'ocr', subject: { user: 'u1' } }, { traceparent });
    const lineOf = ({ headers }: Awaited<ReturnType<typeof ask>>) =>
      eventually(() => lines(service).find(({ reqId }) => reqId === headers.get('x-request-id')));
    expect(await lineOf(await ask(`00-${traceId}-00f067aa0ba902b7-01`))).toMatchObject({ traceId });
    expect(await lineOf(await ask('00-forged-forged-01'))).not.toHaveProperty('traceId');
  });

  it('says which rule was changed to which version, by an anonymous caller where no keys are set', async () => {
    const { headers } = await service.fetchJson('PATCH', '/admin/rules/ocr-per-user', { description: 'new' });
    const line = await eventually(() => lines(service).find(({ msg }) => msg === 'rules changed'));
    expect(line).toMatchObject({
      action: 'rule-changed',
      target: { rule: 'ocr-per-user' },
      before: { id: 'ocr-per-user' },
      after: { id: 'ocr-per-user', description: 'new' },
      outcome: { version: 2 },
      actor: 'anonymous',
      reqId: headers.get('x-request-id'),
    });
  });
});

describe('the log of a service with keys', () => {
  const KEYS = {
    pupils: 'check-key-of-16-chars',
    'key-2': 'other-key-of-16-chars',
    ops: 'admin-key-of-16-chars',
    'key-4': 'spare-key-of-16-chars',
  };
  type Actor = keyof typeof KEYS;
  const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await ServiceProcess.start({
      env: {
        LOG_LEVEL: 'debug',
        SUNDIAL_LAME_DUCK_MS: '0',
        SUNDIAL_CHECK_KEYS: `pupils=${KEYS.pupils},${KEYS['key-2']}`,
        SUNDIAL_ADMIN_KEYS: `ops=${KEYS.ops},${KEYS['key-4']}`,
      },
    });
  });
  afterAll(() => service.stop());

  /** The lines about a request that the holder of a key makes. */
  async function linesOf(actor: Actor | undefined, method: string, path: string, body?: unknown) {
    const authorization = actor && { authorization: `Bearer ${KEYS[actor]}` };
    const { headers } = await service.fetchJson(method, path, body, authorization);
    const reqId = headers.get('x-request-id');
    return eventually(() => {
      const found = lines(service).filter((line) => line['reqId'] === reqId);
      return found.some(({ msg }) => msg === 'answered') && found;
    });
  }

  it.each<Actor>(['pupils', 'key-2', 'ops', 'key-4'])('says that %s asked', async (actor) => {
    expect(await linesOf(actor, 'POST', '/check', CHECK)).toMatchObject([
      { actor, route: '/check', status: 200 },
    ]);
    expect(await linesOf(actor, 'GET', '/health/live')).toMatchObject([{ actor, route: '/health/live' }]);
  });

  it.each<Actor>(['ops', 'key-4'])('says that %s changed a rule, and all rules', async (actor) => {
    const changed = { msg: 'rules changed', actor };
    const answered = { msg: 'answered', actor };
    const rule = { description: `by ${actor}` };
    expect(await linesOf(actor, 'PATCH', '/admin/rules/ocr-per-user', rule)).toMatchObject([
      { ...changed, action: 'rule-changed', target: { rule: 'ocr-per-user' } },
      answered,
    ]);
    const limits = [{ window: 'day', max: 5 }];
    const rules = ['ocr-per-user', actor].map((id) => ({ id, resource: 'ocr', per: ['user'], limits }));
    expect(await linesOf(actor, 'PUT', '/admin/rules', { rules })).toMatchObject([
      { ...changed, action: 'rules-replaced', after: { created: 1 } },
      answered,
    ]);
    expect(await linesOf(actor, 'DELETE', `/admin/rules/${actor}`)).toMatchObject([
      { ...changed, action: 'rule-deleted', target: { rule: actor } },
      answered,
    ]);
  });

  it('says who was refused, and that a caller without a known key is anonymous', async () => {
    expect(await linesOf('key-2', 'GET', '/admin/rules')).toMatchObject([
      { msg: 'a request was refused', code: 'key-not-allowed', actor: 'key-2' },
      { msg: 'answered', actor: 'key-2', status: 403 },
    ]);
    expect(await linesOf(undefined, 'POST', '/check', CHECK)).toMatchObject([
      { msg: 'a request was refused', code: 'missing-key', actor: 'anonymous' },
      { msg: 'answered', actor: 'anonymous', status: 401 },
    ]);
  });

  it('holds no key', () => {
    for (const secret of Object.values(KEYS)) expect(service.output).not.toContain(secret);
  });
});

describe('the log at its usual level', () => {
  it('warns of settings that an operator may not have meant', async () => {
    const env = { SUNDIAL_CHECK_KEYS: 'short', SUNDIAL_CLOCK_OFFSET_MS: '1', SUNDIAL_LAME_DUCK_MS: '0' };
    const service = await ServiceProcess.start({ env });
    const warnings = await eventually(() => {
      const found = lines(service).filter(({ level }) => level === 40);
      return found.length === 4 && found.map(({ msg }) => msg);
    });
    expect(warnings).toEqual([
      expect.stringContaining('SUNDIAL_ADMIN_KEYS'),
      expect.stringContaining('16 characters'),
      expect.stringContaining('SUNDIAL_UNKNOWN_RESOURCE'),
      expect.stringContaining('SUNDIAL_CLOCK_OFFSET_MS'),
    ]);
    await service.stop();
  });

  it('has no line a check, and one each time the store goes and comes back', async () => {
    const redis = await RedisProcess.start();
    const service = await ServiceProcess.start({ env: { REDIS_URL: redis.url, SUNDIAL_LAME_DUCK_MS: '0' } });
    const check = async () =>
      (await service.fetchJson('POST', '/check', { resource: 'llm', subject: { user: 'u1' } })).body;
    const transitions = () =>
      lines(service)
        .filter(({ mode }) => mode !== undefined)
        .map(({ mode }) => mode);
    redis.freeze();
    await eventually(async () => {
      await check();
      return transitions().includes('degraded');
    });
    for (let count = 0; count < 20; count++) await check();
    redis.thaw();
    await eventually(async () => {
      await check();
      return transitions().includes('exact');
    });
    expect(transitions()).toEqual(['degraded', 'exact']);
    expect(lines(service).filter(({ route }) => route === '/check')).toEqual([]);
    await service.stop();
    await redis.stop();
  });
});
