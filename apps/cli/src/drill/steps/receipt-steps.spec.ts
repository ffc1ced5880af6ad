import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { accepted, altered, refused, signedByAnother, unsigned } from './receipt-steps.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const content = `${part({ alg: 'EdDSA', kid: 'k1' })}.${part({ operationId: 'op', resource: 'ocr' })}`;
const GENUINE = `${content}.${sign(null, Buffer.from(content), privateKey).toString('base64url')}`;

const isSigned = (receipt: string) => {
  const at = receipt.lastIndexOf('.');
  const signature = Buffer.from(receipt.slice(at + 1), 'base64url');
  return signature.length > 0 && verify(null, Buffer.from(receipt.slice(0, at)), publicKey, signature);
};
const partOf = (receipt: string, index: number): unknown =>
  JSON.parse(Buffer.from(receipt.split('.')[index]!, 'base64url').toString());

describe('receipts that no node signed', () => {
  it('are made of a genuine one', () => expect(isSigned(GENUINE)).toBe(true));

  it('have another content, another key, or none', () => {
    expect([altered, signedByAnother, unsigned].map((forge) => isSigned(forge(GENUINE)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(partOf(altered(GENUINE), 1)).toEqual({ operationId: 'forged', resource: 'ocr' });
    expect(signedByAnother(GENUINE).startsWith(`${content}.`)).toBe(true);
    expect(partOf(unsigned(GENUINE), 0)).toEqual({ alg: 'none', kid: 'k1' });
  });
});

describe('the steps about receipts', () => {
  it('want a genuine one accepted', () => {
    expect(accepted('genuine', { valid: true }).passed).toBe(true);
    expect(accepted('genuine', { valid: false, code: 'expired' })).toMatchObject({
      passed: false,
      seen: 'refused: expired',
    });
  });

  it('want every other one refused for what is wrong with it', () => {
    expect(refused('forged', { valid: false, code: 'bad-signature' }, 'bad-signature').passed).toBe(true);
    expect(refused('forged', { valid: true }, 'bad-signature')).toMatchObject({
      passed: false,
      seen: 'accepted, not bad-signature',
    });
    expect(refused('forged', { valid: false, code: 'malformed' }, 'bad-signature').passed).toBe(false);
  });
});
