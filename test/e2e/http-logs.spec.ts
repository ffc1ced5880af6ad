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

  it('tells who changed which rule to which version', async () => {
    await service.fetchJson('PATCH', '/admin/rules/ocr-per-user', { description: 'new' });
    const line = await eventually(() => lines(service).find(({ msg }) => msg === 'rules changed'));
    expect(line).toMatchObject({
      change: 'replace',
      rule: 'ocr-per-user',
      version: 2,
      reqId: expect.any(String),
    });
  });
});

describe('the log at its usual level', () => {
  it('warns of what somebody may not have meant', async () => {
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
