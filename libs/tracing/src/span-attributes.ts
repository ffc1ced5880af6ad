import type { Attributes } from '@opentelemetry/api';
import type { Decision, Quota } from '@sundial/contract';

/** A verb that becomes a span, `sundial.<verb>`. */
export interface TracedCall {
  readonly verb: keyof Quota | 'report';
  readonly resource?: string | undefined;
  readonly operationId?: string | undefined;
}

/** What a span of a verb says. Never the subject: traces are kept by others, and for as long as they like. */
export const SPAN_ATTRIBUTES = {
  resource: 'sundial.resource',
  operationId: 'sundial.operation.id',
  outcome: 'sundial.outcome',
  reason: 'sundial.reason',
  degraded: 'sundial.degraded',
  replayed: 'sundial.replayed',
  checks: 'sundial.checks',
  denied: 'sundial.checks.denied',
} as const;

const { resource, operationId, outcome, reason, degraded, replayed, checks, denied } = SPAN_ATTRIBUTES;

/** What is known of a call before it is answered. */
export function callAttributes(call: Pick<TracedCall, 'resource' | 'operationId'>): Attributes {
  return {
    ...(typeof call.resource === 'string' && { [resource]: call.resource }),
    ...(typeof call.operationId === 'string' && { [operationId]: call.operationId }),
  };
}

/** Every shape that a verb answers in, each field where it has one. */
interface VerbAnswer extends Partial<Pick<Decision, 'allowed' | 'reason' | 'operationId' | 'replayed'>> {
  readonly resource?: string;
  readonly reservation?: {
    readonly operationId: string;
    readonly resource: string;
    readonly state: string;
  } | null;
  readonly degraded?: { readonly cause: string } | null;
  readonly decisions?: readonly VerbAnswer[];
  readonly refunded?: true;
  readonly returned?: object;
}

/** What the answer to a verb says of it, also as the HTTP service writes it. */
export function answerAttributes(answer: unknown): Attributes {
  if (typeof answer !== 'object' || answer === null) return {};
  if (Array.isArray(answer)) return batchAttributes(answer as readonly VerbAnswer[]);
  const given = answer as VerbAnswer;
  if (given.decisions) return batchAttributes(given.decisions);
  const { reservation } = given;
  const how = outcomeOf(given);
  return {
    ...callAttributes({
      resource: given.resource ?? reservation?.resource,
      operationId: given.operationId ?? reservation?.operationId,
    }),
    ...(how !== undefined && { [outcome]: how }),
    ...(given.allowed !== undefined && { [reason]: given.reason ?? 'ok' }),
    ...(given.replayed === true && { [replayed]: true }),
    ...(given.degraded && { [degraded]: given.degraded.cause }),
  };
}

function outcomeOf({ allowed, reservation, refunded, returned }: VerbAnswer): string | undefined {
  if (allowed !== undefined) return allowed ? 'allowed' : 'denied';
  if (reservation) return reservation.state;
  if (refunded) return 'refunded';
  return returned ? 'returned' : undefined;
}

function batchAttributes(entries: readonly VerbAnswer[]): Attributes {
  const cause = entries.find((entry) => entry.degraded)?.degraded?.cause;
  return {
    [checks]: entries.length,
    [denied]: entries.filter(({ allowed }) => allowed === false).length,
    ...(cause !== undefined && { [degraded]: cause }),
  };
}
