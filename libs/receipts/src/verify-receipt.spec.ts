import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { ReceiptFacts } from '@sundial/contract';
import * as fc from 'fast-check';
import { receiptVectors } from '../../../clients/receipt-vectors.mjs';
import { generateSigningKey, pemOf, readSigningKey } from './receipt-key.js';
import { ReceiptSigner } from './receipt-signer.js';
import { verifyReceipt } from './verify-receipt.js';

interface Vector {
  readonly name: string;
  readonly receipt: string;
  readonly resource: string;
  /** `valid`, or the code. */
  readonly expected: string;
}
interface Vectors {
  readonly nowS: number;
  readonly clockToleranceS: number;
  readonly jwks: { readonly keys: readonly object[] };
  readonly receipts: readonly Vector[];
  readonly whereTheGateIsOpen: readonly Vector[];
}
const file = new URL('../../../clients/receipts.json', import.meta.url);
const VECTORS = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const now = VECTORS.nowS * 1000;

async function verdictOf({ receipt, resource }: Vector, isOpen: boolean): Promise<string> {
  const { jwks, clockToleranceS } = VECTORS;
  const clockToleranceMs = clockToleranceS * 1000;
  const verdict = await verifyReceipt(receipt, {
    resource,
    jwks,
    now,
    clockToleranceMs,
    isOpen: () => isOpen,
  });
  return verdict.valid ? 'valid' : verdict.code;
}

describe('the receipts that clients of every language agree on', () => {
  it('are those of the file', () => {
    expect(VECTORS).toEqual(JSON.parse(JSON.stringify(receiptVectors())));
  });

  it.each(VECTORS.receipts)('$name: $expected', async (vector) => {
    expect(await verdictOf(vector, false)).toBe(vector.expected);
  });

  it.each(VECTORS.whereTheGateIsOpen)('where the gate is open, $name: $expected', async (vector) => {
    expect(await verdictOf(vector, true)).toBe(vector.expected);
  });
});

const KEY = generateSigningKey();
const JWKS = { keys: [KEY.jwk] };
const FACTS: ReceiptFacts = {
  operationId: 'op 1',
  resource: 'ocr',
  subject: { user: 'u1' },
  amounts: { units: 1 },
  reason: 'ok',
  degraded: null,
  at: Date.now(),
};
const issue = async (facts: Partial<ReceiptFacts> = {}, key = KEY) =>
  (await new ReceiptSigner(key).issue({ ...FACTS, ...facts })) ?? '';

describe('a receipt that was signed here', () => {
  it('is verified with all that it says', async () => {
    const subject = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1 }), {
      maxKeys: 4,
    });
    const amounts = fc.dictionary(fc.stringMatching(/^[a-z_]{1,16}$/), fc.maxSafeNat(), { maxKeys: 8 });
    await fc.assert(
      fc.asyncProperty(
        subject,
        amounts,
        fc.stringMatching(/^[\x20-\x7e]{1,128}$/),
        async (who, what, operationId) => {
          const facts = { subject: who, amounts: { units: 1, ...what }, operationId };
          const verdict = await verifyReceipt(await issue(facts), { resource: 'ocr', jwks: JWKS });
          // As JSON has it: `__proto__` is a name like any other.
          expect(JSON.parse(JSON.stringify(verdict))).toMatchObject({
            valid: true,
            claims: JSON.parse(JSON.stringify(facts)),
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is refused with any one of its characters changed, cut or doubled', async () => {
    const receipt = await issue();
    const letter = fc.constantFrom(...'ABCabc019-_.= é\n\0');
    await fc.assert(
      fc.asyncProperty(fc.nat(receipt.length - 1), letter, fc.nat(2), async (at, other, how) => {
        fc.pre(how > 0 || other !== receipt[at]);
        const altered =
          receipt.slice(0, at) + (how === 1 ? '' : other) + receipt.slice(at + (how === 2 ? 0 : 1));
        const verdict = await verifyReceipt(altered, { resource: 'ocr', jwks: JWKS });
        expect(verdict).toMatchObject({ valid: false, code: expect.any(String) });
      }),
      { numRuns: 400 },
    );
  });

  it('is refused with any one of its bits changed', async () => {
    const receipt = await issue();
    for (let at = 0; at < receipt.length; at += 1) {
      for (let bit = 1; bit < 128; bit *= 2) {
        const altered =
          receipt.slice(0, at) + String.fromCharCode(receipt.charCodeAt(at) ^ bit) + receipt.slice(at + 1);
        expect((await verifyReceipt(altered, { resource: 'ocr', jwks: JWKS })).valid).toBe(false);
      }
    }
  });

  it('is refused with any part cut off or put behind', async () => {
    const receipt = await issue();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(receipt.length - 1),
        fc.string({ minLength: 1, unit: 'binary' }),
        async (length, more) => {
          for (const text of [
            receipt.slice(0, length),
            receipt.slice(length + 1),
            receipt + more,
            more + receipt,
          ])
            expect((await verifyReceipt(text, { resource: 'ocr', jwks: JWKS })).valid).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is refused as whatever is no text, and never rejected', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (value) => {
        expect(await verifyReceipt(value, { resource: 'ocr', jwks: JWKS })).toEqual({
          valid: false,
          code: 'malformed',
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is refused where any header stands in place of its own', async () => {
    const [, payload, signature] = (await issue()).split('.');
    const header = fc.record(
      {
        alg: fc.oneof(fc.constantFrom('EdDSA', 'ES256', 'HS256', 'none', 'RS256', 'Ed25519'), fc.jsonValue()),
        typ: fc.oneof(fc.constant('sundial-receipt+jwt'), fc.string(), fc.jsonValue()),
        kid: fc.oneof(fc.constant(KEY.kid), fc.string(), fc.jsonValue()),
        jwk: fc.constant(generateSigningKey().jwk),
      },
      { requiredKeys: ['jwk'] },
    );
    await fc.assert(
      fc.asyncProperty(header, async (made) => {
        const forged = `${Buffer.from(JSON.stringify(made)).toString('base64url')}.${payload}.${signature}`;
        expect((await verifyReceipt(forged, { resource: 'ocr', jwks: JWKS })).valid).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('is verified under a P-256 key that was given', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = readSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const receipt = await issue({}, key);
    const jwks = { keys: [KEY.jwk, key.jwk] };
    expect((await verifyReceipt(receipt, { resource: 'ocr', jwks })).valid).toBe(true);
    expect(await verifyReceipt(receipt, { resource: 'ocr', jwks: JWKS })).toEqual({
      valid: false,
      code: 'unknown-key',
    });
  });

  it('is verified under its key as a file keeps it', async () => {
    const receipt = await issue({}, readSigningKey(pemOf(KEY)));
    expect((await verifyReceipt(receipt, { resource: 'ocr', jwks: JWKS })).valid).toBe(true);
  });
});

describe('options that can never work', () => {
  it.each([
    ['no keys', { resource: 'ocr' }, /Give one of jwksUrl, jwks and keys/],
    ['two kinds of keys', { resource: 'ocr', jwks: JWKS, jwksUrl: 'http://localhost/' }, /Give one of/],
    [
      'keys that are no list',
      { resource: 'ocr', jwks: {} as never },
      /must be an object with a list of keys/,
    ],
    ['no resource', { resource: '', jwks: JWKS }, /resource must name the resource/],
    [
      'a tolerance of days',
      { resource: 'ocr', jwks: JWKS, clockToleranceMs: 86_400_000 },
      /from 0 to 600000/,
    ],
    ['an address that is none', { resource: 'ocr', jwksUrl: 'sundial' }, /Invalid URL/],
  ])('%s', async (_name, options, sentence) => {
    await expect(verifyReceipt('', options)).rejects.toThrow(sentence);
  });
});
