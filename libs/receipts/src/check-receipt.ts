import { compactVerify, errors } from 'jose';
import type { ReceiptClaims, ReceiptCode, ReceiptVerdict } from '@sundial/contract';
import type { KeySource } from './key-source.js';
import { readClaims } from './receipt-claims.js';
import { KID_PATTERN } from './receipt-key.js';
import { readReceipt, type ReceiptText } from './receipt-text.js';

export interface ReceiptExpectation {
  /** The resource that is about to be used. */
  readonly resource: string;
  readonly keys: KeySource;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How far this clock and the issuer's may be apart. */
  readonly clockToleranceMs: number;
  /** Whether the gate of a resource is open: then passes that clients made for themselves are accepted. */
  readonly isOpen: (resource: string) => boolean;
}

/** Whether a receipt pays for the use of a resource now. It never rejects. */
export async function checkReceipt(
  receipt: unknown,
  expectation: ReceiptExpectation,
): Promise<ReceiptVerdict> {
  const text = readReceipt(receipt);
  switch (text.kind) {
    case 'refused':
      return invalid(text.code);
    case 'offline':
      return expectation.isOpen(expectation.resource)
        ? judged(text.claims, expectation)
        : invalid('issued-offline');
    case 'signed':
      return checkSigned(receipt as string, text, expectation);
    default:
      return text satisfies never;
  }
}

async function checkSigned(
  receipt: string,
  { kid, algorithm }: ReceiptText & { kind: 'signed' },
  expectation: ReceiptExpectation,
): Promise<ReceiptVerdict> {
  const { keys } = expectation;
  // What is no thumbprint names no key, and is not worth a question.
  const key = KID_PATTERN.test(kid) ? await keys.find(kid) : undefined;
  if (key === undefined)
    return invalid(keys.isComplete || !KID_PATTERN.test(kid) ? 'unknown-key' : 'keys-unavailable');
  // The key says which algorithm it is for, not the token.
  if (key.algorithm !== algorithm) return invalid('unsupported-algorithm');
  try {
    const { payload } = await compactVerify(receipt, key.publicKey, { algorithms: [algorithm] });
    const claims = readClaims(payload);
    return claims ? judged(claims, expectation) : invalid('malformed');
  } catch (error) {
    return invalid(error instanceof errors.JWSSignatureVerificationFailed ? 'bad-signature' : 'malformed');
  }
}

function judged(
  claims: ReceiptClaims,
  { resource, now, clockToleranceMs }: ReceiptExpectation,
): ReceiptVerdict {
  if (claims.iat * 1000 > now + clockToleranceMs) return invalid('not-yet-valid');
  if (claims.exp * 1000 <= now - clockToleranceMs) return invalid('expired');
  return claims.resource === resource ? { valid: true, claims } : invalid('wrong-resource');
}

function invalid(code: ReceiptCode): ReceiptVerdict {
  return { valid: false, code };
}
