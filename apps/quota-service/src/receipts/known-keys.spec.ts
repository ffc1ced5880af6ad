import { describe, expect, it } from '@jest/globals';
import { generateSigningKey, type SigningKey } from '@sundial/receipts';
import { KnownNodeKeys, MAX_OTHER_KEYS } from './known-keys.js';

const KEEP_MS = 600_000;
const [own, other] = [generateSigningKey(), generateSigningKey()];
const published = ({ kid, jwk }: SigningKey) => ({ kid, jwk: JSON.stringify(jwk) });

describe('the keys that a node knows', () => {
  it('are its own, and those that it sees published', () => {
    const keys = new KnownNodeKeys([own]);
    expect(keys.published).toEqual([published(own)]);
    const before = keys.jwks;
    expect(before.body.keys).toEqual([own.jwk]);
    keys.saw([published(own), published(other)], 0, KEEP_MS);
    expect(keys.get(other.kid)?.jwk).toEqual(other.jwk);
    expect(keys.jwks.body.keys.map(({ kid }) => kid)).toEqual([own.kid, other.kid].sort());
    expect(keys.jwks.etag).not.toBe(before.etag);
    expect(keys.jwks).toBe(keys.jwks);
  });

  it('stay when they are published no more, until their receipts are over', () => {
    const keys = new KnownNodeKeys([own]);
    keys.saw([published(other)], 0, KEEP_MS);
    keys.saw([], 1_000, KEEP_MS);
    keys.saw([], 1_000 + KEEP_MS, KEEP_MS);
    expect(keys.get(other.kid)).toBeDefined();
    keys.saw([published(other)], 1_001 + KEEP_MS, KEEP_MS);
    keys.saw([], 2_000 + KEEP_MS, KEEP_MS);
    expect(keys.get(other.kid)).toBeDefined();
    keys.saw([], 2_001 + 2 * KEEP_MS, KEEP_MS);
    expect(keys.get(other.kid)).toBeUndefined();
    expect(keys.jwks.body.keys).toEqual([own.jwk]);
  });

  it.each([
    [
      'a key under the name of another one',
      { kid: other.kid, jwk: JSON.stringify(generateSigningKey().jwk) },
    ],
    ['another key under its own name', { kid: own.kid, jwk: JSON.stringify({ ...other.jwk, kid: own.kid }) }],
    ['no JSON', { kid: other.kid, jwk: '{' }],
    ['no key', { kid: other.kid, jwk: 'null' }],
  ])('are not %s', (_name, each) => {
    const keys = new KnownNodeKeys([own]);
    keys.saw([each], 0, KEEP_MS);
    expect(keys.jwks.body.keys).toEqual([own.jwk]);
    expect(keys.get(own.kid)?.publicKey).toBe(own.publicKey);
  });

  it('are no more than nodes have', () => {
    const keys = new KnownNodeKeys([own]);
    const many = Array.from({ length: MAX_OTHER_KEYS + 5 }, () => published(generateSigningKey()));
    keys.saw(many, 0, KEEP_MS);
    expect(keys.jwks.body.keys).toHaveLength(1 + MAX_OTHER_KEYS);
  });
});
