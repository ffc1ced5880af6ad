import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';

const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const RIGHT = { authorization: 'Bearer 0123456789abcdef' };
const WRONG = { authorization: 'Bearer fedcba9876543210' };

let service: ServiceProcess;
const env = { SUNDIAL_CHECK_KEYS: 'pupils=0123456789abcdef', SUNDIAL_ADMIN_KEYS: 'an-admin-key-of-one' };
beforeAll(async () => {
  service = await ServiceProcess.start({ env });
});
afterAll(() => service.stop());

async function timed(headers: Readonly<Record<string, string>>) {
  const startedAt = performance.now();
  const { status, body } = await service.fetchJson('POST', '/check', CHECK, headers);
  return { status, code: body.code as string | undefined, ms: performance.now() - startedAt };
}

const lines = () =>
  service.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

// First, while the log has nothing else.
describe('refusals', () => {
  it('of keys are in the log, with the address and the name of the key, and not with the key', async () => {
    await timed({});
    // Whose address a caller says it has is not looked at.
    for (let guess = 0; guess < 5; guess++)
      await timed({ ...WRONG, 'x-forwarded-for': `10.0.0.${guess}`, forwarded: 'for=10.0.0.9' });
    await service.fetchJson('GET', '/admin/rules', undefined, RIGHT);
    const found = await eventually(() => {
      const refused = lines().filter(({ msg }) => msg === 'a request was refused');
      return refused.length === 3 && refused;
    });
    expect(found).toMatchObject([
      { code: 'missing-key', address: '127.0.0.1', actor: 'anonymous', method: 'POST', route: '/check' },
      { code: 'wrong-key', address: '127.0.0.1', actor: 'anonymous', route: '/check' },
      {
        code: 'key-not-allowed',
        address: '127.0.0.1',
        actor: 'pupils',
        method: 'GET',
        route: '/admin/rules',
      },
    ]);
    expect(service.output).not.toMatch(/0123456789abcdef|fedcba9876543210/);
  });

  async function counts(): Promise<Record<string, number>> {
    const metrics = await (await fetch(`${service.url}/metrics`, { headers: RIGHT })).text();
    const found = metrics.matchAll(/^sundial_refusals_total\{code="(.+)"\} (\d+)$/gm);
    return Object.fromEntries([...found].map(([, code, count]) => [code!, Number(count)]));
  }

  it('are counted by their codes, whatever refused them', async () => {
    const before = await counts();
    await timed({});
    await timed(WRONG);
    await service.fetchJson('GET', '/admin/rules', undefined, RIGHT);
    await service.fetchJson('GET', '/nowhere');
    await service.fetchJson('POST', '/check', {}, RIGHT);
    await fetch(`${service.url}/admin/rules/%zz`);
    const more = Object.entries(await counts()).map(([code, count]) => [code, count - (before[code] ?? 0)]);
    expect(Object.fromEntries(more)).toEqual({
      'missing-key': 1,
      'wrong-key': 1,
      'key-not-allowed': 1,
      'not-found': 1,
      'invalid-request': 1,
      'malformed-request': 1,
    });
  });
});

describe('wrong keys', () => {
  it('are answered later and later, and the right key from the same address at once', async () => {
    await timed(RIGHT);
    const guesses = await Promise.all(Array.from({ length: 60 }, () => timed(WRONG)));
    expect(guesses.every(({ code }) => code === 'wrong-key')).toBe(true);
    expect(Math.max(...guesses.map(({ ms }) => ms))).toBeGreaterThan(550);
    const late = timed(WRONG);
    const right = await Promise.all(Array.from({ length: 20 }, () => timed(RIGHT)));
    expect(right.every(({ status }) => status === 200)).toBe(true);
    // A wrong one waits longer than that; these are answered as soon as the machine can.
    expect(Math.min(...right.map(({ ms }) => ms))).toBeLessThan(400);
    expect((await late).ms).toBeGreaterThan(500);
    // Without any key nothing was guessed.
    expect((await timed({})).ms).toBeLessThan(500);
  });

  it('do not keep the service from answering, however many come at once', async () => {
    const guesses = Promise.all(Array.from({ length: 300 }, () => timed(WRONG)));
    expect((await timed(RIGHT)).status).toBe(200);
    expect((await guesses).every(({ status }) => status === 401)).toBe(true);
  });

  it('are no trouble for a stop: what waits is cut off', async () => {
    for (let guess = 0; guess < 30; guess++) void timed(WRONG).catch(() => undefined);
    await eventually(async () => (await timed(RIGHT)).status === 200);
    expect(await service.stop()).toBe(0);
  });
});
