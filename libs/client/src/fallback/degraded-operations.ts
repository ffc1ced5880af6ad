import type { CheckRequest, Decision, DecisionGate, InputError } from '@sundial/contract';
import type { Failure } from '../answers/outcome.js';
import { QuotaClientError } from '../answers/quota-client-error.js';
import type { ClientEvents, Verb } from '../events/client-events.js';
import type { AffectedOperation } from '../journal/affected-operation.js';
import type { JournalRecord } from '../journal/journal-record.js';
import { fallbackDecision, type FallbackPolicy, type Fallbacks, type Verdict } from './fallback.js';
import { KnownGates } from './known-gates.js';
import { withOfflineReceipt } from './offline-receipt.js';
import { requestErrors } from './request-errors.js';

export type NamedRequest = CheckRequest & { readonly operationId: string };

export interface DegradedOperationsOptions {
  readonly fallbacks: Fallbacks;
  readonly events: ClientEvents;
  /** Into the journal, to be delivered. */
  readonly record: (record: JournalRecord) => void;
  /** The service allowed an operation: a refusal of it that is not delivered yet is over. */
  readonly allowed: (resource: string, operationId: string) => void;
}

/** Decides, and records, what no service decided: by the gate that an operator set, else by the fallback. */
export class DegradedOperations {
  readonly #options: DegradedOperationsOptions;
  readonly #gates = new KnownGates();

  constructor(options: DegradedOperationsOptions) {
    this.#options = options;
  }

  /** A service decided: the gate that it names holds for the resource where none answers, and what was refused here is over. */
  learn(resource: string, decision: Decision): void {
    this.#gates.learn(resource, decision);
    if (decision.allowed) this.#options.allowed(resource, decision.operationId);
  }

  /** @throws QuotaClientError for bad input. */
  decide(verb: Verb, request: NamedRequest, failed: Failure): Decision {
    const verdict = this.verdictOn(verb, request, failed, requestErrors(request));
    this.#options.record({ kind: 'operation', operation: operationOf(request, failed, verdict) });
    return withOfflineReceipt(fallbackDecision(request.operationId, verdict), request);
  }

  /** Decides and records nothing: what is reserved is counted when it is committed. @throws QuotaClientError for bad input. */
  verdictOn(
    verb: Verb,
    request: Pick<NamedRequest, 'resource' | 'operationId'>,
    failed: Failure,
    errors: readonly InputError[],
  ): Verdict {
    const gate = this.#gates.get(request.resource);
    if (!gate) return { policy: this.policyFor(verb, request, failed, errors) };
    if (errors.length > 0) throw QuotaClientError.invalidRequest(...errors);
    const policy = gate.state === 'open' ? 'allow' : 'deny';
    this.happened(verb, request, failed, policy, gate.state);
    return { policy, gate };
  }

  /** By the fallback alone: no gate holds for what was let in already. @throws QuotaClientError for bad input. */
  policyFor(
    verb: Verb,
    request: Pick<NamedRequest, 'resource' | 'operationId'>,
    failed: Failure,
    errors: readonly InputError[],
  ): FallbackPolicy {
    if (errors.length > 0) throw QuotaClientError.invalidRequest(...errors);
    const policy = this.#options.fallbacks.policyOf(request.resource, failed);
    this.happened(verb, request, failed, policy);
    return policy;
  }

  record(record: JournalRecord): void {
    this.#options.record(record);
  }

  /** It shows in the events. */
  happened(
    verb: Verb,
    { resource, operationId }: Pick<NamedRequest, 'resource' | 'operationId'>,
    { cause, detail, status, code, sent }: Failure,
    policy: FallbackPolicy | null,
    gate: DecisionGate['state'] | null = null,
  ): void {
    const attempted = sent;
    const event = { verb, resource, operationId, cause, detail, status, code, policy, gate, attempted };
    this.#options.events.emit('degraded', event);
  }
}

export function operationOf(
  { operationId, resource, subject, amount, amounts }: NamedRequest,
  { cause, status, code, requestId, sent }: Pick<Failure, 'cause' | 'status' | 'code' | 'requestId' | 'sent'>,
  { policy, gate }: Verdict,
  decidedAt = new Date().toISOString(),
): Omit<AffectedOperation, 'outcome'> {
  return {
    operationId,
    resource,
    subject,
    ...(amount !== undefined && { amount }),
    ...(amounts !== undefined && { amounts }),
    decidedAt,
    allowed: policy === 'allow',
    policy,
    ...(gate && { gate: gate.state }),
    attempted: sent,
    cause,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(requestId !== undefined && { requestId }),
  };
}
