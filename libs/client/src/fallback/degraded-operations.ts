import type { CheckRequest, Decision, InputError } from '@sundial/contract';
import type { Failure } from '../answers/outcome.js';
import { QuotaClientError } from '../answers/quota-client-error.js';
import type { ClientEvents, Verb } from '../events/client-events.js';
import type { AffectedOperation } from '../journal/affected-operation.js';
import type { JournalRecord } from '../journal/journal-record.js';
import { fallbackDecision, type FallbackPolicy, type Fallbacks } from './fallback.js';
import { requestErrors } from './request-errors.js';

export type NamedRequest = CheckRequest & { readonly operationId: string };

export interface DegradedOperationsOptions {
  readonly fallbacks: Fallbacks;
  readonly events: ClientEvents;
  /** Into the journal, to be delivered. */
  readonly record: (record: JournalRecord) => void;
}

/** Decides, and records, what no service decided. */
export class DegradedOperations {
  readonly #options: DegradedOperationsOptions;

  constructor(options: DegradedOperationsOptions) {
    this.#options = options;
  }

  /** @throws QuotaClientError for bad input. */
  decide(verb: Verb, request: NamedRequest, failed: Failure): Decision {
    const policy = this.policyFor(verb, request, failed, requestErrors(request));
    const operation = operationOf(request, failed, policy);
    this.#options.record({ kind: 'operation', operation });
    return fallbackDecision(request.operationId, policy);
  }

  /** Decides and records nothing: what is reserved is counted when it is committed. @throws QuotaClientError for bad input. */
  policyFor(
    verb: Verb,
    { resource, operationId }: Pick<NamedRequest, 'resource' | 'operationId'>,
    failed: Failure,
    errors: readonly InputError[],
  ): FallbackPolicy {
    if (errors.length > 0) throw QuotaClientError.invalidRequest(...errors);
    const policy = this.#options.fallbacks.policyOf(resource, failed);
    this.happened(verb, { resource, operationId }, failed, policy);
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
  ): void {
    const attempted = sent;
    const event = { verb, resource, operationId, cause, detail, status, code, policy, attempted };
    this.#options.events.emit('degraded', event);
  }
}

export function operationOf(
  { operationId, resource, subject, amount, amounts }: NamedRequest,
  { cause, status, code, requestId, sent }: Pick<Failure, 'cause' | 'status' | 'code' | 'requestId' | 'sent'>,
  policy: FallbackPolicy,
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
    attempted: sent,
    cause,
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(requestId !== undefined && { requestId }),
  };
}
