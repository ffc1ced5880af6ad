import {
  type Amounts,
  type CheckRequest,
  DEFAULT_RECEIPT_TTL_MS,
  type Decision,
  OFFLINE_RECEIPT_TYPE,
  type ReceiptClaims,
} from '@sundial/contract';
import type { NamedRequest } from './degraded-operations.js';

const HEADER = base64url({ alg: 'none', typ: OFFLINE_RECEIPT_TYPE });

/**
 * The decision with a pass in place of a receipt, where one was asked for: unsigned and marked `offline`, so that the program that does the
 * costly work can tell it from a receipt. Verification refuses it (`issued-offline`) unless an operator has opened the gate of the resource.
 */
export function withOfflineReceipt<D extends Decision>(
  decision: D,
  request: NamedRequest,
  expiresAtMs = Infinity,
): D {
  const amounts = amountsOf(request);
  const takesSomething = Object.values(amounts).some((units) => units > 0);
  if (request.receipt !== true || !decision.allowed || !takesSomething) return decision;
  const { operationId, resource, subject } = request;
  const now = Date.now();
  const iat = Math.floor(now / 1000);
  const claims: ReceiptClaims = {
    jti: operationId,
    operationId,
    resource,
    subject,
    amounts,
    allowed: true,
    reason: decision.reason,
    ...(decision.degraded && { degraded: decision.degraded }),
    offline: true,
    iat,
    exp: Math.max(iat + 1, Math.floor(Math.min(now + DEFAULT_RECEIPT_TTL_MS, expiresAtMs) / 1000)),
  };
  return { ...decision, receipt: `${HEADER}.${base64url(claims)}.` };
}

function amountsOf({ amount = 1, amounts }: CheckRequest): Amounts {
  return { units: amount, ...amounts };
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
