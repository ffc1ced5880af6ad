import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QuotaClient } from '@sundial/client';
import { verifyReceipt } from '@sundial/client/receipts';
import { generateSigningKey, pemOf, ReceiptSigner } from '@sundial/receipts';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService, STARTED_AT, STORES } from '../support/running-service.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

/** The store's clock of these services runs ahead of this machine's by that much. */
const OFFSET_MS = Date.parse(STARTED_AT) - Date.now();
const now = () => Date.now() + OFFSET_MS;

const ask = (service: RunningService, user: string, more: object = {}, path = '/check') =>
  service.api.post(path).send({ resource: 'ocr', subject: { user }, receipt: true, ...more });
const receiptOf = async (...asked: Parameters<typeof ask>): Promise<string> =>
  (await ask(...asked)).body.receipt as string;
const verify = async (service: RunningService, receipt: string, more: object = {}) =>
  (await service.api.post('/receipts/verify').send({ receipt, resource: 'ocr', ...more })).body;

describe.each(STORES)('receipts, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  it('are carried by allowed decisions that ask for them, and verified with what they say', async () => {
    const { body } = await ask(service, 'asks', { operationId: 'op 1' });
    expect(body).toMatchObject({ allowed: true, receipt: expect.any(String) });
    const { claims, ...verdict } = await verify(service, body.receipt);
    expect(verdict).toEqual({ valid: true });
    expect(claims).toMatchObject({
      ...{ iss: 'sundial', operationId: 'op 1', resource: 'ocr', subject: { user: 'asks' } },
      ...{ amounts: { units: 1 }, allowed: true, reason: 'ok' },
    });
    expect(claims.exp - claims.iat).toBe(600);
    expect(Math.abs(claims.iat * 1000 - now())).toBeLessThan(60_000);
  });

  it('are carried by no other decision', async () => {
    expect((await ask(service, 'quiet', { receipt: false })).body).not.toHaveProperty('receipt');
    expect((await ask(service, 'quiet', { receipt: undefined })).body).not.toHaveProperty('receipt');
    expect((await ask(service, 'quiet', { amount: 0 })).body).not.toHaveProperty('receipt');
    const { body } = await ask(service, 'quiet', { amount: 11 });
    expect(body.allowed).toBe(false);
    expect(body).not.toHaveProperty('receipt');
  });

  it('are no part of what an operation id names: an operation that is repeated gets one, and another', async () => {
    const first = await ask(service, 'repeats', { operationId: 'op 2', receipt: false });
    const second = await ask(service, 'repeats', { operationId: 'op 2' });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toMatchObject({ replayed: true, receipt: expect.any(String) });
  });

  it('are carried by each check of a batch that asks', async () => {
    const checks = ['a', 'b'].map((user) => ({ resource: 'ocr', subject: { user }, receipt: user === 'a' }));
    const { body } = await service.api.post('/check/batch').send({ checks });
    expect(body.decisions.map((decision: object) => 'receipt' in decision)).toEqual([true, false]);
    expect(await verify(service, body.decisions[0].receipt)).toMatchObject({ valid: true });
  });

  it('of a reserve name the reservation, end with it, and are not issued when it has ended', async () => {
    const { body } = await ask(service, 'reserves', { operationId: 'op 3', ttlMs: 30_000 }, '/reservations');
    const { claims } = await verify(service, body.receipt);
    expect(claims.reservation).toBe(body.reservation.id);
    expect(claims.exp - claims.iat).toBeLessThanOrEqual(30);
    await service.api.post(`/reservations/${body.reservation.id}/commit`).send({});
    const again = await ask(service, 'reserves', { operationId: 'op 3', ttlMs: 30_000 }, '/reservations');
    expect(again.body).toMatchObject({ replayed: true, reservation: { state: 'committed' } });
    expect(again.body).not.toHaveProperty('receipt');
  });

  it('are asked for by a client, also in merged checks, and verified by its package', async () => {
    const quota = new QuotaClient({ url: service.url, deadlineMs: 2_000 });
    const asked = Array.from({ length: 3 }, (_, n) => ({
      resource: 'ocr',
      subject: { user: `client-${n}` },
    }));
    const decisions = await Promise.all(asked.map((check) => quota.check({ ...check, receipt: true })));
    const { receipt, reservation } = await quota.reserve({ ...asked[0]!, receipt: true });
    await quota.close();
    const jwksUrl = `${service.url}/.well-known/jwks.json`;
    for (const [n, decision] of decisions.entries()) {
      const verdict = await verifyReceipt(decision.receipt, { resource: 'ocr', jwksUrl, now: now() });
      expect(verdict).toMatchObject({ valid: true, claims: { subject: { user: `client-${n}` } } });
    }
    expect(await verifyReceipt(receipt, { resource: 'ocr', jwksUrl, now: now() })).toMatchObject({
      valid: true,
      claims: { reservation: reservation!.id },
    });
  });

  it('are refused each by its own code', async () => {
    const receipt = await receiptOf(service, 'refused');
    const code = async (text: string, more: object = {}) =>
      (await verify(service, text, more)).code as string;
    expect(await code(receipt, { resource: 'sms' })).toBe('wrong-resource');
    expect(await code(`${receipt}=`)).toBe('malformed');
    expect(await code(receipt.replace(/\.[^.]/, '.A'))).toBe('bad-signature');
    const stranger = await new ReceiptSigner(generateSigningKey()).issue({
      ...{ operationId: 'x', resource: 'ocr', subject: {}, amounts: { units: 1 } },
      ...{ reason: 'ok', degraded: null, at: now() },
    });
    expect(await code(stranger!)).toBe('unknown-key');
    expect(await code('x'.repeat(20_000))).toBe('malformed');
  });

  it('are consumed once, whatever receipt of their operation is shown', async () => {
    const more = { operationId: 'op 4' };
    const receipts = [await receiptOf(service, 'once', more), await receiptOf(service, 'once', more)];
    expect(await verify(service, receipts[0]!)).toMatchObject({ valid: true });
    const asked = Array.from({ length: 20 }, (_, n) => verify(service, receipts[n % 2]!, { consume: true }));
    const verdicts = await Promise.all(asked);
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(1);
    expect(verdicts.filter(({ code }) => code === 'already-consumed')).toHaveLength(19);
    // Only looking says what the receipt is.
    expect(await verify(service, receipts[0]!)).toMatchObject({ valid: true });
    expect(
      await verify(service, await receiptOf(service, 'once', { operationId: 'op 5' }), { consume: true }),
    ).toMatchObject({
      valid: true,
    });
  });

  it.each([
    [{ resource: 'ocr' }, 'receipt'],
    [{ receipt: 7, resource: 'ocr' }, 'receipt'],
    [{ receipt: '' }, 'resource'],
    [{ receipt: '', resource: '', consume: false }, 'resource'],
    [{ receipt: '', resource: 'ocr', consume: 'yes' }, 'consume'],
    [{ receipt: '', resource: 'ocr', subject: {} }, 'subject'],
    [[], ''],
  ])('are asked about in words that are known: %j', async (body, path) => {
    const answer = await service.api.post('/receipts/verify').send(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request' });
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it.each([
    ['that is no boolean', { receipt: 1 }],
    [
      'of a subject that it has no room for',
      { subject: { user: 'u', a: 'ü'.repeat(256), b: 'ü'.repeat(256), c: 'ü'.repeat(256) } },
    ],
  ])('%s are refused before anything is counted', async (_name, part) => {
    for (const path of ['/check', '/reservations']) {
      const { status, body } = await ask(service, 'wrong', part, path);
      expect(status).toBe(400);
      expect(body.errors).toEqual([expect.objectContaining({ path: 'receipt' })]);
    }
  });

  it('have public keys that are open, and may be kept for a minute', async () => {
    const { status, headers, body } = await service.api.get('/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('public, max-age=60');
    expect(body.keys).toEqual([
      expect.objectContaining({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' }),
    ]);
    expect(JSON.stringify(body)).not.toContain('"d"');
    const known = await service.api.get('/.well-known/jwks.json').set('if-none-match', headers['etag']!);
    expect(known.status).toBe(304);
  });

  it('are counted', async () => {
    const { text } = await service.api.get('/metrics');
    expect(text).toMatch(/^sundial_receipts_total\{outcome="signed"\} \d+$/m);
    expect(text).toMatch(/^sundial_receipt_verifications_total\{code="already-consumed"\} 19$/m);
  });
});

describe('receipts with keys', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({
      SUNDIAL_CHECK_KEYS: 'app=check-key-of-16',
      SUNDIAL_ADMIN_KEYS: 'op=admin-key-of-16',
    });
  });
  afterAll(() => service.stop());

  it('are verified for check keys; the public keys are for all', async () => {
    const body = { receipt: '', resource: 'ocr' };
    const asked = (key: string) =>
      service.api.post('/receipts/verify').set('authorization', `Bearer ${key}`).send(body);
    expect((await asked('check-key-of-16')).status).toBe(200);
    expect((await asked('another')).status).toBe(401);
    expect((await service.api.get('/.well-known/jwks.json')).status).toBe(200);
  });
});

describe('the keys of receipts', () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await temporaryDirectory();
  });
  afterAll(() => directory.remove());

  it('are the same after a restart', async () => {
    let service = await RunningService.start();
    const receipt = await receiptOf(service, 'stays');
    service = await service.restart();
    expect(await verify(service, receipt)).toMatchObject({ valid: true });
    await service.stop();
  });

  it('are rotated by files: the first signs, the others verify', async () => {
    const [old, next] = [join(directory.path, 'old.pem'), join(directory.path, 'new.pem')];
    await writeFile(old, pemOf(generateSigningKey()));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(next, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const start = (env: Record<string, string>) =>
      RunningService.start({ SUNDIAL_CLOCK_OFFSET_MS: '0', ...env });
    const before = await start({ SUNDIAL_RECEIPT_KEY: old });
    const receipt = await receiptOf(before, 'rotates');
    await before.stop();
    const after = await start({ SUNDIAL_RECEIPT_KEY: `${next}, ${old}`, SUNDIAL_RECEIPT_TTL_MS: '60000' });
    expect(await verify(after, receipt)).toMatchObject({ valid: true });
    const { claims } = await verify(after, await receiptOf(after, 'rotates'));
    expect(claims.exp - claims.iat).toBe(60);
    const { body } = await after.api.get('/.well-known/jwks.json');
    expect(body.keys.map(({ alg }: { alg: string }) => alg).sort()).toEqual(['ES256', 'EdDSA']);
    await after.stop();
  });
});

describe('receipts of two nodes on one Redis', () => {
  let redis: RedisProcess;
  let nodes: [RunningService, RunningService];
  beforeAll(async () => {
    redis = await RedisProcess.start();
    const settings = { REDIS_URL: redis.url, SUNDIAL_DEADLINE_MS: '200', SUNDIAL_CLOCK_OFFSET_MS: '0' };
    const start = () => RunningService.start(settings);
    nodes = [await start(), await start()];
  });
  afterAll(async () => {
    redis.thaw();
    for (const node of nodes) await node.stop();
    await redis.stop();
  });

  it('that a client made for itself are accepted while the gate of their resource is open', async () => {
    const [one, other] = nodes;
    const quota = new QuotaClient({ url: 'http://127.0.0.1:9' });
    const { receipt = '' } = await quota.check({ resource: 'sms', subject: { user: 'u1' }, receipt: true });
    await quota.close({ timeoutMs: 0 });
    const judge = (node: RunningService, more: object = {}) =>
      verify(node, receipt, { resource: 'sms', ...more });
    expect(await judge(one)).toEqual({ valid: false, code: 'issued-offline' });
    await one.api.put('/admin/gates/sms').send({ gate: 'open' });
    await eventually(async () => (await judge(other)).valid);
    expect(await judge(one)).toMatchObject({ valid: true, claims: { offline: true } });
    expect(await verify(one, receipt)).toEqual({ valid: false, code: 'issued-offline' });
    expect([await judge(one, { consume: true }), await judge(other, { consume: true })]).toMatchObject([
      { valid: true },
      { valid: false, code: 'already-consumed' },
    ]);
    await one.api.put('/admin/gates/sms').send({ gate: 'normal' });
    expect(await judge(one)).toEqual({ valid: false, code: 'issued-offline' });
  });

  it('are verified by either, and consumed once over both', async () => {
    const [one, other] = nodes;
    const receipt = await receiptOf(one, 'two');
    expect(await verify(other, receipt)).toMatchObject({ valid: true });
    const asked = Array.from({ length: 10 }, (_, n) => verify(nodes[n % 2]!, receipt, { consume: true }));
    expect((await Promise.all(asked)).filter(({ valid }) => valid)).toHaveLength(1);
    const others = await receiptOf(other, 'two');
    await eventually(async () => (await verify(one, others)).valid);
    for (const node of nodes)
      expect((await node.api.get('/.well-known/jwks.json')).body.keys).toHaveLength(2);
  });

  it('are verified while Redis is frozen; none is consumed then, and one that was is no more afterwards', async () => {
    const [one, other] = nodes;
    const receipt = await receiptOf(one, 'frozen');
    await verify(other, receipt, { consume: true });
    redis.freeze();
    expect(await verify(other, receipt)).toMatchObject({ valid: true });
    const { status, body } = await other.api
      .post('/receipts/verify')
      .send({ receipt, resource: 'ocr', consume: true });
    expect([status, body.code]).toEqual([503, 'store-unavailable']);
    const degraded = await ask(one, 'frozen');
    expect(degraded.body).toMatchObject({ allowed: true, degraded: { policy: 'local' } });
    expect((await verify(other, degraded.body.receipt)).claims.degraded).toMatchObject({ policy: 'local' });
    redis.thaw();
    await eventually(
      async () => (await verify(other, receipt, { consume: true })).code === 'already-consumed',
    );
  });
});
