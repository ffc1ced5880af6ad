import { randomUUID } from 'node:crypto';
import type { CheckRequest, Decision, OnDeny, Quota, Usage, UsageRequest } from '@sundial/contract';

/**
 * A whole `Quota` in a few lines: at most `max` units per resource and subject, for ever. For tests of what stands on
 * the interface; windows, rules and stores have their own.
 */
export class CountingQuota implements Quota {
  /** Every check it was asked, in order. */
  readonly requests: CheckRequest[] = [];
  readonly #used = new Map<string, number>();

  constructor(
    readonly max: number,
    readonly onDeny?: OnDeny,
  ) {}

  check(request: CheckRequest): Promise<Decision> {
    this.requests.push(request);
    const key = JSON.stringify([request.resource, request.subject]);
    const used = (this.#used.get(key) ?? 0) + (request.amount ?? 1);
    const allowed = used <= this.max;
    if (allowed) this.#used.set(key, used);
    return Promise.resolve({
      allowed,
      reason: allowed ? 'ok' : 'limit-reached',
      operationId: request.operationId ?? randomUUID(),
      replayed: false,
      wouldDeny: false,
      limits: [],
      ...(!allowed && { retryAfterMs: 1_500, ...(this.onDeny && { onDeny: this.onDeny }) }),
      degraded: null,
      rulesVersion: 1,
    });
  }

  checkBatch(requests: readonly CheckRequest[]): Promise<Decision[]> {
    return Promise.all(requests.map((request) => this.check(request)));
  }

  usage({ resource, subject }: UsageRequest): Promise<Usage> {
    return Promise.resolve({ resource, subject, limits: [], degraded: null, rulesVersion: 1 });
  }
}
