import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { generateSigningKey, keyFromJwk, pemOf, readReceiptKey, readSigningKey } from './receipt-key.js';

const pem = (key: KeyObject, type: 'pkcs8' | 'spki') => key.export({ type, format: 'pem' }).toString();
const jwk = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }));
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('a key of receipts', () => {
  it.each([
    ['Ed25519', ed25519, 'EdDSA'],
    ['P-256', p256, 'ES256'],
  ])('of %s is read from PEM and JWK, and goes by its thumbprint', async (_name, pair, algorithm) => {
    const read = readSigningKey(pem(pair.privateKey, 'pkcs8'));
    expect(read).toMatchObject({ algorithm, kid: await calculateJwkThumbprint(read.jwk) });
    expect(readSigningKey(jwk(pair.privateKey)).jwk).toEqual(read.jwk);
    for (const text of [pem(pair.publicKey, 'spki'), jwk(pair.publicKey), pem(pair.privateKey, 'pkcs8')])
      expect(readReceiptKey(text).jwk).toEqual(read.jwk);
  });

  it('is published without its private half', () => {
    const key = generateSigningKey();
    expect(Object.keys(key.jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    expect(readSigningKey(pemOf(key)).kid).toBe(key.kid);
  });

  it.each([
    ['a public key', pem(ed25519.publicKey, 'spki'), /is a public key, and cannot sign/],
    ['RSA', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8'), /is of type rsa/],
    [
      'another curve',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey, 'pkcs8'),
      /is of type ec: receipts take Ed25519 and P-256/,
    ],
    ['a cut PEM', pem(ed25519.privateKey, 'pkcs8').slice(0, 60), /is no usable PEM/],
    ['a public JWK', jwk(ed25519.publicKey), /is no PEM and no JWK/],
    ['a shared secret', '{"kty":"oct","k":"c2VjcmV0"}', /is no PEM and no JWK/],
    ['a text', 'secret-of-the-service', /is no PEM and no JWK/],
  ])('is not %s, and the sentence does not show it', (_name, text, sentence) => {
    expect(() => readSigningKey(text)).toThrow(sentence);
    expect(() => readSigningKey(text)).not.toThrow(/secret-of/);
  });
});

describe('a key of a set', () => {
  const { jwk: published } = generateSigningKey();

  it('is taken under its own name', () => {
    expect(keyFromJwk(published)?.kid).toBe(published.kid);
    expect(keyFromJwk({ ...published, novelty: 1 })?.kid).toBe(published.kid);
  });

  it.each([
    ['another name', { kid: generateSigningKey().kid }],
    ['no name', { kid: undefined }],
    ['another algorithm', { alg: 'HS256' }],
    ['no algorithm', { alg: undefined }],
    ['another use', { use: 'enc' }],
    ['a point that is none', { x: 'AAAA' }],
    ['another kind', { kty: 'oct' }],
  ])('is not taken with %s', (_name, part) => {
    expect(keyFromJwk({ ...published, ...part })).toBeUndefined();
  });

  it.each([[null], ['key'], [[]], [7]])('is not %p', (value) => {
    expect(keyFromJwk(value)).toBeUndefined();
  });
});
