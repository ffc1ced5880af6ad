import { describe, expect, it } from '@jest/globals';
import { MAX_RECEIPT_LENGTH, MAX_RECEIPT_SUBJECT_BYTES, type ReceiptFacts } from '@sundial/contract';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { generateSigningKey } from './receipt-key.js';
import { ReceiptSigner, type SigningOutcome } from './receipt-signer.js';

const AT = Date.parse('2026-11-22T14:29:26.400+08:00');
const KEY = generateSigningKey();
const FACTS: ReceiptFacts = {
  operationId: '01JD8Z7T5V',
  resource: 'ocr',
  subject: { user: 'u1', grade: '3' },
  amounts: { units: 1, tokens: 1200 },
  reason: 'ok',
  degraded: null,
  at: AT,
};

async function claims(facts: Partial<ReceiptFacts> = {}, ttlMs = 600_000) {
  return decodeJwt((await new ReceiptSigner(KEY, { ttlMs }).issue({ ...FACTS, ...facts })) ?? '');
}

describe('ReceiptSigner', () => {
  it('says what was decided, in whole seconds, and under which key', async () => {
    const receipt = await new ReceiptSigner(KEY, { ttlMs: 600_000 }).issue(FACTS);
    expect(decodeProtectedHeader(receipt!)).toEqual({
      alg: 'EdDSA',
      typ: 'sundial-receipt+jwt',
      kid: KEY.kid,
    });
    const { at: _at, degraded: _degraded, ...said } = FACTS;
    const iat = Math.floor(AT / 1000);
    expect(decodeJwt(receipt!)).toEqual({
      ...{ iss: 'sundial', jti: expect.stringMatching(/^[\w-]{43}$/), ...said, allowed: true },
      ...{ iat, exp: iat + 600 },
    });
  });

  it('says when a policy decided, and of which reservation it is', async () => {
    const degraded = { cause: 'timeout', policy: 'local' } as const;
    const reservation = { id: 'held', expiresAt: new Date(AT + 3_600_000).toISOString() };
    expect(await claims({ degraded, reservation })).toMatchObject({ degraded, reservation: 'held' });
  });

  it('ends a receipt with its reservation, and never before it begins', async () => {
    const endsIn = async (ms: number) => {
      const reservation = { id: 'held', expiresAt: new Date(AT + ms).toISOString() };
      const { iat = 0, exp = 0 } = await claims({ reservation });
      return exp - iat;
    };
    expect([await endsIn(60_000), await endsIn(3_600_000), await endsIn(100)]).toEqual([60, 600, 1]);
  });

  it('names an operation alike in all its receipts, and no other one so', async () => {
    const { jti } = await claims();
    const alike: Partial<ReceiptFacts>[] = [
      { subject: { grade: '3', user: 'u1' }, at: AT + 60_000 },
      { degraded: { cause: 'timeout', policy: 'local' } },
    ];
    for (const facts of alike) expect((await claims(facts)).jti).toBe(jti);
    const others: Partial<ReceiptFacts>[] = [
      { operationId: 'another' },
      { resource: 'sms' },
      { subject: { user: 'u1', grade: '4' } },
      { subject: { user: 'u1' } },
      { subject: { user: 'u1","grade":"3' } },
    ];
    for (const facts of others) expect((await claims(facts)).jti).not.toBe(jti);
  });

  it('has room for the longest of all', async () => {
    const long = (length: number) => '"'.repeat(length);
    const meters = Array.from({ length: 8 }, (_, n) => [`${n}`.padEnd(128, 'm'), Number.MAX_SAFE_INTEGER]);
    const receipt = await new ReceiptSigner(KEY).issue({
      ...FACTS,
      operationId: long(128),
      resource: 'r'.repeat(128),
      subject: { user: 'u'.repeat(MAX_RECEIPT_SUBJECT_BYTES - '{"user":""}'.length) },
      amounts: { units: Number.MAX_SAFE_INTEGER, ...Object.fromEntries(meters) },
      degraded: { cause: 'breaker-open', policy: 'allow' },
      reservation: { id: 'i'.repeat(1_024), expiresAt: '2026-11-22T14:30:26+08:00' },
    });
    expect(receipt!.length).toBeLessThan(MAX_RECEIPT_LENGTH);
  });

  it('leaves out an id of a reservation that is longer than most', async () => {
    const reservation = { id: 'i'.repeat(14_000), expiresAt: '2026-11-22T14:30:26+08:00' };
    expect(await claims({ reservation })).not.toHaveProperty('reservation');
  });

  it('never rejects: the decision is made', async () => {
    const heard: SigningOutcome[] = [];
    const onOutcome = (outcome: SigningOutcome) => heard.push(outcome);
    const broken = { ...KEY, privateKey: KEY.publicKey };
    expect(await new ReceiptSigner(broken, { onOutcome }).issue(FACTS)).toBeUndefined();
    expect(await new ReceiptSigner(KEY, { onOutcome }).issue(FACTS)).toEqual(expect.any(String));
    expect(heard).toEqual(['failed', 'signed']);
  });
});
