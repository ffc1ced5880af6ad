import type { CheckRequest, ReceiptFacts, ReceiptIssuer, Reservation } from '@sundial/contract';
import { amountsByMeter } from '../operations/amounts-by-meter.js';
import { copyOfAmounts, takesNothing } from '../operations/amounts.js';
import type { EngineDecision } from '../decisions/counted-limit.js';

interface Decided<D extends EngineDecision> {
  readonly request: CheckRequest;
  readonly decision: D;
  /** The store's clock. */
  readonly now: number;
}

/** The decision with its receipt, where it is one that a receipt can be issued for. */
export async function withReceipt<D extends EngineDecision>(
  issuer: ReceiptIssuer,
  { request, decision, now }: Decided<D>,
): Promise<D> {
  const facts = factsOf(request, decision, now);
  const receipt = facts && (await issuer.issue(facts));
  return receipt === undefined ? decision : { ...decision, receipt };
}

/**
 * Undefined where the operation was refused, and where it takes nothing: who only looks has paid for nothing. Of a reserve
 * that is repeated, what is held now; of one that has ended, nothing: its work is done, or was given back.
 */
function factsOf(
  request: CheckRequest,
  decision: EngineDecision & { readonly reservation?: Reservation | null },
  now: number,
): ReceiptFacts | undefined {
  const { resource, subject, amount = 1 } = request;
  const { allowed, operationId, reason, degraded, reservation } = decision;
  const takes = { amount, amounts: copyOfAmounts(request.amounts) };
  if (!allowed || takesNothing(takes)) return undefined;
  const facts = { operationId, resource, subject, reason, degraded, at: now };
  if (reservation === undefined) return { ...facts, amounts: amountsByMeter(takes) };
  if (reservation?.state !== 'held') return undefined;
  const { id, amounts, expiresAt } = reservation;
  return { ...facts, amounts, reservation: { id, expiresAt } };
}
