import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';

/**
 * Receipts, and what is none, with what a verifier of any language says of each; `receipts.json` is this as a file. Made with nothing but
 * Node's cryptography, so that it is an opinion of its own on what the library makes. Ed25519 signs alike each time.
 */
const NOW_S = 1_795_329_000;
const SIGNER = keyOf('01');
const STRANGER = keyOf('02');

/** An Ed25519 key of a fixed seed. @param {string} byte */
function keyOf(byte) {
  const seed = Buffer.from(byte.repeat(32), 'hex');
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { crv, kty, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  return { privateKey, jwk: { crv, kty, x, kid, alg: 'EdDSA', use: 'sig' } };
}

/** @param {unknown} value An object, or JSON that is to stay as it is. */
const segment = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const HEADER = { alg: 'EdDSA', typ: 'sundial-receipt+jwt', kid: SIGNER.jwk.kid };
const OFFLINE = { alg: 'none', typ: 'sundial-offline-receipt+jwt' };
const CLAIMS = {
  iss: 'sundial',
  jti: 'b3BlcmF0aW9u',
  operationId: 'op 1',
  resource: 'ocr',
  subject: { user: 'ü1' },
  amounts: { units: 1, tokens: 1200 },
  allowed: true,
  reason: 'ok',
  iat: NOW_S - 10,
  exp: NOW_S + 590,
};
const PASS = { ...CLAIMS, iss: undefined, reason: 'degraded', offline: true };

/** @param {unknown} header @param {unknown} claims @param {ReturnType<typeof keyOf>} key */
function signed(header = HEADER, claims = CLAIMS, key = SIGNER) {
  const input = `${segment(header)}.${segment(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

/** @param {unknown} header @param {unknown} claims */
const unsigned = (header, claims) => `${segment(header)}.${segment(claims)}.`;

/** With the public key as a shared secret. @param {unknown} header */
function hmac(header) {
  const pem = createPublicKey(SIGNER.privateKey).export({ type: 'spki', format: 'pem' });
  const input = `${segment(header)}.${segment(CLAIMS)}`;
  return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
}

/** Another spelling of the same bytes: the last character of a signature has four bits that say nothing. @param {string} text */
function respelled(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = letters.indexOf(text.at(-1) ?? '');
  return text.slice(0, -1) + letters[last ^ 1];
}

const GENUINE = signed();
const [header = '', payload = '', signature = ''] = GENUINE.split('.');
const other = signed(HEADER, { ...CLAIMS, operationId: 'op 2' });
/** @type {[name: string, receipt: string, expected: string, resource?: string][]} */
const RECEIPTS = [
  ['a receipt', GENUINE, 'valid'],
  ['a receipt of a later version', signed(HEADER, { ...CLAIMS, novelty: [1] }), 'valid'],
  ['the type in full', signed({ ...HEADER, typ: 'application/Sundial-Receipt+JWT' }), 'valid'],
  [
    'a receipt of a degraded decision',
    signed(HEADER, { ...CLAIMS, reason: 'degraded', degraded: { cause: 'timeout', policy: 'allow' } }),
    'valid',
  ],
  ['for another resource', GENUINE, 'wrong-resource', 'sms'],
  ['for a resource in other letters', GENUINE, 'wrong-resource', 'OCR'],
  ['expired', signed(HEADER, { ...CLAIMS, exp: NOW_S - 31 }), 'expired'],
  ['expired within the tolerance', signed(HEADER, { ...CLAIMS, exp: NOW_S - 29 }), 'valid'],
  ['from the future', signed(HEADER, { ...CLAIMS, iat: NOW_S + 31 }), 'not-yet-valid'],
  ['without an end', signed(HEADER, { ...CLAIMS, exp: undefined }), 'malformed'],
  ['with an end that is a text', signed(HEADER, { ...CLAIMS, exp: '9999999999' }), 'malformed'],
  [
    'with an endless end',
    signed(HEADER, JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999')),
    'malformed',
  ],
  ['of a refusal', signed(HEADER, { ...CLAIMS, allowed: false }), 'malformed'],
  ['with amounts below nothing', signed(HEADER, { ...CLAIMS, amounts: { units: -1 } }), 'malformed'],
  ['with claims that are a list', signed(HEADER, [CLAIMS]), 'malformed'],
  ['with claims that are no JSON', signed(HEADER, 'claims'), 'malformed'],
  [
    'forged by a key that no node has',
    signed({ ...HEADER, kid: STRANGER.jwk.kid }, CLAIMS, STRANGER),
    'unknown-key',
  ],
  ['forged under the name of a key', signed(HEADER, CLAIMS, STRANGER), 'bad-signature'],
  ['with the key in its header', signed({ ...HEADER, jwk: STRANGER.jwk }, CLAIMS, STRANGER), 'bad-signature'],
  [
    'with an address of keys in its header',
    signed({ ...HEADER, kid: STRANGER.jwk.kid, jku: 'http://127.0.0.1:9/jwks' }, CLAIMS, STRANGER),
    'unknown-key',
  ],
  ['with a path for a key', signed({ ...HEADER, kid: '../../../../dev/null' }), 'unknown-key'],
  ['with a query for a key', signed({ ...HEADER, kid: "' OR 1=1; --" }), 'unknown-key'],
  ['with a member of every object for a key', signed({ ...HEADER, kid: '__proto__' }), 'unknown-key'],
  ['without a key', signed({ ...HEADER, kid: undefined }), 'unknown-key'],
  ['with a critical header', signed({ ...HEADER, crit: ['b64'], b64: false }), 'malformed'],
  ['with another receipt’s signature', `${header}.${payload}.${other.split('.')[2]}`, 'bad-signature'],
  ['with another receipt’s claims', `${header}.${other.split('.')[1]}.${signature}`, 'bad-signature'],
  [
    'with the header’s names twice, the last one other',
    `${segment(`{"alg":"none",${JSON.stringify(HEADER).slice(1)}`)}.${payload}.${signature}`,
    'bad-signature',
  ],
  [
    'with a claim twice that was not signed',
    `${header}.${segment(`{"resource":"sms",${JSON.stringify(CLAIMS).slice(1)}`)}.${signature}`,
    'bad-signature',
  ],
  ['without an algorithm', signed({ ...HEADER, alg: undefined }), 'unsupported-algorithm'],
  ['alg none, unsigned', unsigned({ ...HEADER, alg: 'none' }, CLAIMS), 'unsupported-algorithm'],
  ['alg None, with its signature', signed({ ...HEADER, alg: 'None' }), 'unsupported-algorithm'],
  ['the public key as a shared secret', hmac({ ...HEADER, alg: 'HS256' }), 'unsupported-algorithm'],
  ['an algorithm of another kind of key', signed({ ...HEADER, alg: 'ES256' }), 'unsupported-algorithm'],
  ['an algorithm of no use here', signed({ ...HEADER, alg: 'RS256' }), 'unsupported-algorithm'],
  ['unsigned', `${header}.${payload}.`, 'malformed'],
  ['with its signature cut', GENUINE.slice(0, -2), 'bad-signature'],
  ['without its signature', `${header}.${payload}`, 'malformed'],
  ['with its signature spelt otherwise', respelled(GENUINE), 'malformed'],
  ['with padding', `${GENUINE}=`, 'malformed'],
  ['with a line break', `${GENUINE}\n`, 'malformed'],
  ['with letters that look alike', GENUINE.replace('e', 'е'), 'malformed'],
  ['with a segment more', `${GENUINE}.${signature}`, 'malformed'],
  ['longer than 8 KiB', signed(HEADER, { ...CLAIMS, subject: { user: 'u'.repeat(8_192) } }), 'malformed'],
  ['nothing', '', 'malformed'],
  ['dots', '..', 'malformed'],
  ['a header that is no JSON', `${segment('{')}.${payload}.${signature}`, 'malformed'],
  ['a header that is a list', `${segment([HEADER])}.${payload}.${signature}`, 'malformed'],
  ['a header without bottom', `${segment('['.repeat(5_000))}.${payload}.${signature}`, 'malformed'],
  ['another token of the same key', signed({ ...HEADER, typ: 'JWT' }), 'not-a-receipt'],
  ['a token without a type', signed({ ...HEADER, typ: undefined }), 'not-a-receipt'],
  ['a pass of a client', unsigned(OFFLINE, PASS), 'issued-offline'],
  [
    'a pass of a client, signed by it',
    signed({ ...OFFLINE, alg: 'EdDSA', kid: STRANGER.jwk.kid }, PASS, STRANGER),
    'unsupported-algorithm',
  ],
  ['a pass with a signature', `${unsigned(OFFLINE, PASS)}${signature}`, 'malformed'],
  ['a pass that does not say so', unsigned(OFFLINE, { ...PASS, offline: undefined }), 'malformed'],
  ['a pass for another resource', unsigned(OFFLINE, PASS), 'issued-offline', 'sms'],
];

export function receiptVectors() {
  return {
    nowS: NOW_S,
    clockToleranceS: 30,
    jwks: { keys: [SIGNER.jwk] },
    receipts: RECEIPTS.map(([name, receipt, expected, resource = 'ocr']) => ({
      name,
      receipt,
      resource,
      expected,
    })),
    whereTheGateIsOpen: [
      ...[
        { name: 'a pass of a client', receipt: unsigned(OFFLINE, PASS), resource: 'ocr', expected: 'valid' },
        {
          name: 'a pass for another resource',
          receipt: unsigned(OFFLINE, PASS),
          resource: 'sms',
          expected: 'wrong-resource',
        },
        {
          name: 'a pass that is over',
          receipt: unsigned(OFFLINE, { ...PASS, exp: NOW_S - 31 }),
          resource: 'ocr',
          expected: 'expired',
        },
      ],
      {
        name: 'alg none, unsigned',
        receipt: unsigned({ ...HEADER, alg: 'none' }, CLAIMS),
        resource: 'ocr',
        expected: 'unsupported-algorithm',
      },
    ],
  };
}
