import type { CheckRequest, Quota } from '@sundial/contract';
import { type VerbSpans, verbSpans } from './verb-spans.js';

/** A quota whose verbs are spans; the very same quota where this process has no SDK registered. */
export function tracedQuota(quota: Quota): Quota {
  const spans = verbSpans('inside');
  return spans ? traced(quota, spans) : quota;
}

function traced(quota: Quota, spans: VerbSpans): Quota {
  return {
    check: (request) => spans.run(named('check', request), () => quota.check(request)),
    checkBatch: (requests) => spans.run({ verb: 'checkBatch' }, () => quota.checkBatch(requests)),
    usage: (request) => spans.run({ verb: 'usage', resource: request?.resource }, () => quota.usage(request)),
    reserve: (request) => spans.run(named('reserve', request), () => quota.reserve(request)),
    commit: (id, request) => spans.run({ verb: 'commit' }, () => quota.commit(id, request)),
    release: (id, request) => spans.run({ verb: 'release' }, () => quota.release(id, request)),
    extend: (id, request) => spans.run({ verb: 'extend' }, () => quota.extend(id, request)),
    reservation: (id) => spans.run({ verb: 'reservation' }, () => quota.reservation(id)),
    refund: (request) => spans.run(named('refund', request), () => quota.refund(request)),
    returnUnits: (request) => spans.run(named('returnUnits', request), () => quota.returnUnits(request)),
  };
}

/** The request may be anything: what it asks judges it. */
function named(verb: keyof Quota, request: Pick<CheckRequest, 'resource' | 'operationId'> | undefined) {
  return { verb, resource: request?.resource, operationId: request?.operationId };
}
