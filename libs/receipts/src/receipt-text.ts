import { decodeProtectedHeader } from 'jose';
import {
  MAX_RECEIPT_LENGTH,
  OFFLINE_RECEIPT_TYPE,
  RECEIPT_TYPE,
  type ReceiptClaims,
  type ReceiptCode,
} from '@sundial/contract';
import { readClaims } from './receipt-claims.js';
import type { ReceiptAlgorithm } from './receipt-key.js';

/** What a text claims to be, before anything vouches for it. */
export type ReceiptText =
  | { readonly kind: 'signed'; readonly algorithm: ReceiptAlgorithm; readonly kid: string }
  | { readonly kind: 'offline'; readonly claims: ReceiptClaims }
  | { readonly kind: 'refused'; readonly code: ReceiptCode };

/** Base64url as it is written: no padding, no spaces. Only a pass of a client has no signature. */
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/**
 * Reads the header, and decides nothing by it but which key to ask for and which algorithm to expect. All else that a
 * header can name (`jwk`, `jku`, `x5u` …) is not looked at.
 */
export function readReceipt(text: unknown): ReceiptText {
  if (typeof text !== 'string' || text.length > MAX_RECEIPT_LENGTH) return refused('malformed');
  const [, , payload = '', signature = ''] = COMPACT.exec(text) ?? [];
  const header = payload === '' ? undefined : headerOf(text);
  if (header === undefined) return refused('malformed');
  const { alg, typ, kid } = header;
  if (isType(typ, OFFLINE_RECEIPT_TYPE)) return readOffline({ alg, payload, signature });
  if (!isType(typ, RECEIPT_TYPE)) return refused('not-a-receipt');
  if (alg !== 'EdDSA' && alg !== 'ES256') return refused('unsupported-algorithm');
  // A signature has more than one spelling in base64url, of which one counts.
  if (!isCanonical(signature)) return refused('malformed');
  return typeof kid === 'string' ? { kind: 'signed', algorithm: alg, kid } : refused('unknown-key');
}

function readOffline({
  alg,
  payload,
  signature,
}: {
  readonly alg: unknown;
  readonly payload: string;
  readonly signature: string;
}): ReceiptText {
  if (alg !== 'none') return refused('unsupported-algorithm');
  const claims = readClaims(Buffer.from(payload, 'base64url'));
  if (claims?.offline !== true || signature !== '') return refused('malformed');
  return { kind: 'offline', claims };
}

function headerOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeProtectedHeader(text);
  } catch {
    return undefined;
  }
}

/** RFC 7515 §4.1.9: in any case, and with or without `application/`. */
function isType(typ: unknown, expected: string): boolean {
  if (typeof typ !== 'string') return false;
  const name = typ.toLowerCase();
  return name === expected || name === `application/${expected}`;
}

function isCanonical(signature: string): boolean {
  return signature !== '' && Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

function refused(code: ReceiptCode): ReceiptText {
  return { kind: 'refused', code };
}
