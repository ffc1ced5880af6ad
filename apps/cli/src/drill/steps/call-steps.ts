import { type Call, decisionOf, isByClient, isByService, isExact } from '../traffic/call.js';
import { step, type Step } from './step.js';

/** Every call was answered in time, and the operation may run. */
export function goesOn(calls: readonly Call[], latestMs: number): Step {
  const slowest = Math.max(0, ...calls.map(({ tookMs }) => tookMs));
  const rejected = calls.find(({ answer }) => 'rejected' in answer);
  const refused = calls.map(decisionOf).find((decision) => decision?.allowed === false);
  const late = calls.filter(({ tookMs }) => tookMs > latestMs).length;
  const allowed = calls.filter((call) => decisionOf(call)?.allowed).length;
  const seen = [
    `${allowed} of ${calls.length} allowed, the slowest after ${Math.ceil(slowest)} ms`,
    ...(late > 0 ? [`${late} later than ${latestMs} ms`] : []),
    ...(refused ? [`refused: ${refused.reason}`] : []),
    ...(rejected && 'rejected' in rejected.answer ? [`rejected: ${rejected.answer.rejected}`] : []),
  ];
  return step(
    'business goes on',
    calls.length > 0 && allowed === calls.length && late === 0,
    seen.join('; '),
  );
}

/** Who has to have decided while a fault lasts; `either`: some by each. */
export type Decider = 'client' | 'service' | 'either';

/** Every decision says that it was made without the service or without the store. */
export function saysDegraded(calls: readonly Call[], decider: Decider): Step {
  const client = calls.filter(isByClient).length;
  const service = calls.filter(isByService).length;
  const seen = `${client} of ${calls.length} decided by the client, ${service} by a service without its store`;
  return step('decisions say degraded', decides(decider, { client, service, all: calls.length }), seen);
}

function decides(
  decider: Decider,
  { client, service, all }: { readonly client: number; readonly service: number; readonly all: number },
): boolean {
  switch (decider) {
    case 'client':
      return client === all;
    case 'service':
      return service === all;
    case 'either':
      return client + service === all && client > 0 && service > 0;
    default:
      return decider satisfies never;
  }
}

/** The store decided every call, as on any other day. */
export function decidedExactly(calls: readonly Call[]): Step {
  const exact = calls.filter(isExact).length;
  const odd = calls.find((call) => !isExact(call));
  const why =
    odd && (decisionOf(odd)?.degraded?.cause ?? ('rejected' in odd.answer ? odd.answer.rejected : ''));
  const seen = `${exact} of ${calls.length} decided by the store${why ? `; else: ${why}` : ''}`;
  return step('decisions are exact', calls.length > 0 && exact === calls.length, seen);
}

/** Checks of another resource, alone and in one batch with the drilled one. */
export function othersUntouched(others: readonly Call[], resource: string): Step {
  const { passed, seen } = decidedExactly(others);
  return step('other resources untouched', passed, `${resource}: ${seen}`);
}
