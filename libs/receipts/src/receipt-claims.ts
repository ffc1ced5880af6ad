import { hash } from 'node:crypto';
import { RECEIPT_ISSUER, type ReceiptClaims, type ReceiptFacts } from '@sundial/contract';

/** A longer id of a reservation is left out: the operation id names it as well. */
const MAX_RESERVATION_LENGTH = 1_024;

export function claimsOf(facts: ReceiptFacts, ttlMs: number): ReceiptClaims {
  const { operationId, resource, subject, amounts, reason, degraded, reservation, at } = facts;
  const iat = Math.floor(at / 1000);
  const until = Math.min(at + ttlMs, reservation ? Date.parse(reservation.expiresAt) : Infinity);
  return {
    iss: RECEIPT_ISSUER,
    jti: operationName(facts),
    operationId,
    resource,
    subject,
    amounts,
    allowed: true,
    reason,
    ...(degraded && { degraded }),
    ...(reservation && reservation.id.length <= MAX_RESERVATION_LENGTH && { reservation: reservation.id }),
    iat,
    exp: Math.max(iat + 1, Math.floor(until / 1000)),
  };
}

/**
 * One name for all receipts of an operation. An operation that is repeated counts once, so its receipts must not be consumed
 * twice.
 */
export function operationName({
  operationId,
  resource,
  subject,
}: Pick<ReceiptFacts, 'operationId' | 'resource' | 'subject'>): string {
  const attributes = Object.entries(subject).sort(([one], [other]) => (one < other ? -1 : 1));
  return hash('sha256', JSON.stringify([resource, attributes, operationId]), 'base64url');
}

/** Claims as they were signed; undefined for what is none. Claims of a later version may have more members. */
export function readClaims(payload: Uint8Array): ReceiptClaims | undefined {
  try {
    const claims: unknown = JSON.parse(UTF8.decode(payload));
    return isClaims(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function isClaims(value: unknown): value is ReceiptClaims {
  if (!isRecord(value)) return false;
  const { jti, operationId, resource, subject, amounts, allowed, reason, iat, exp } = value;
  return (
    [jti, operationId, resource, reason].every((text) => typeof text === 'string' && text !== '') &&
    isRecord(subject) &&
    Object.values(subject).every((attribute) => typeof attribute === 'string') &&
    isRecord(amounts) &&
    Object.values(amounts).every(isCount) &&
    allowed === true &&
    isCount(iat) &&
    isCount(exp)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
