import {
  jwksSchema,
  type ReceiptVerdict,
  receiptVerdictSchema,
  verifyReceiptRequestSchema,
} from '@sundial/contract';
import type { Operation } from '../http/openapi/describe.js';

const RECEIPT = 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl';
const VALID: ReceiptVerdict = {
  valid: true,
  claims: {
    iss: 'sundial',
    jti: 'pF3hQ0q8mYyN0Qj0s1m3bJxv3Yl0c6sTQm1jJr2a7fU',
    operationId: '01JD8Z7T5V',
    resource: 'ocr',
    subject: { user: 'u1' },
    amounts: { units: 1 },
    allowed: true,
    reason: 'ok',
    iat: 1795329000,
    exp: 1795329600,
  },
};

export const VERIFY_RECEIPT: Operation = {
  id: 'verifyReceipt',
  tag: 'receipts',
  summary: 'Does this receipt pay for this resource?',
  description:
    'For the program that does the costly work. Compare `subject` and `amounts` of the claims with what it is asked to do. With `consume` no receipt of the same operation is valid afterwards, on any node; where the store does not say whether it was consumed before: 503 `store-unavailable`.',
  body: {
    schema: { name: 'VerifyReceipt', schema: verifyReceiptRequestSchema },
    examples: {
      look: { summary: 'Whether it is valid', value: { receipt: RECEIPT, resource: 'ocr' } },
      once: { summary: 'Once only', value: { receipt: RECEIPT, resource: 'ocr', consume: true } },
    },
  },
  answers: {
    200: {
      description: 'The verdict; a refusal is one too.',
      schema: { name: 'ReceiptVerdict', schema: receiptVerdictSchema },
      examples: {
        valid: { summary: 'It pays', value: VALID },
        forged: {
          summary: 'It was altered',
          value: { valid: false, code: 'bad-signature' } satisfies ReceiptVerdict,
        },
        offline: {
          summary: 'A client made it during an outage',
          value: { valid: false, code: 'issued-offline' } satisfies ReceiptVerdict,
        },
      },
    },
  },
  problems: [
    'invalid-request',
    'invalid-json',
    'payload-too-large',
    'unsupported-media-type',
    'store-unavailable',
  ],
};

export const JWKS: Operation = {
  id: 'jwks',
  tag: 'receipts',
  summary: 'The public keys that receipts are verified with',
  description: 'Those of all nodes. Open, and may be kept for a minute.',
  answers: {
    200: {
      description: 'A JSON Web Key Set.',
      schema: { name: 'Jwks', schema: jwksSchema },
      examples: {
        one: {
          summary: 'One node',
          value: {
            keys: [
              {
                crv: 'Ed25519',
                kty: 'OKP',
                x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
                kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
                alg: 'EdDSA',
                use: 'sig',
              },
            ],
          },
        },
      },
      headers: { etag: 'Changes with the keys.', 'cache-control': 'public, max-age=60' },
    },
    304: { description: 'Nothing has changed since `If-None-Match`.' },
  },
};
