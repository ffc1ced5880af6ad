import { type Quota, QuotaClientError, retryAt, type Subject } from '@sundial/client';
import type { Request, RequestHandler } from 'express';

export interface LimitOptions {
  readonly resource: string;
  readonly subject: (request: Request) => Subject;
}

/**
 * Middleware that asks before the handler runs. A refusal is a 429 that says when to come back and what the rule wants to happen;
 * where no service answers, the client's fallback decides and the request goes on. Put it after what signs users in and checks
 * input: what it lets through is counted.
 *
 * A caller who repeats a request under the same `Idempotency-Key` is counted once.
 */
export function limit(quota: Quota, { resource, subject }: LimitOptions): RequestHandler {
  return async (request, response, next) => {
    const operationId = request.get('idempotency-key');
    const check = { resource, subject: subject(request), ...(operationId && { operationId }) };
    const decision = await quota.check(check).catch((error: unknown) => {
      if (error instanceof QuotaClientError && error.status === 409) return null;
      throw error;
    });
    if (decision === null) {
      response.status(409).json({ error: 'This Idempotency-Key was used for something else.' });
    } else if (decision.allowed) {
      response.locals['decision'] = decision;
      next();
    } else {
      const at = retryAt(decision);
      if (at) response.set('retry-after', String(Math.ceil((at.getTime() - Date.now()) / 1_000)));
      response.status(429).json({ reason: decision.reason, ...decision.onDeny });
    }
  };
}
