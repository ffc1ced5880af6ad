/** Failures in a row from which on an endpoint is left alone between attempts. */
const PAUSED_FROM = 3;
const LONGEST_PAUSE_MS = 30_000;

interface Endpoint {
  failures: number;
  pausedUntil: number;
}

/** Endpoints that fail again and again, as this node sees them: a receiver that is down is not called for each of its events. */
export class EndpointPauses {
  readonly #endpoints = new Map<string, Endpoint>();

  isPaused(id: string, now: number): boolean {
    return now < (this.#endpoints.get(id)?.pausedUntil ?? -Infinity);
  }

  /** After a failure one attempt at a time says whether it is over. */
  isFailing(id: string): boolean {
    return this.#endpoints.has(id);
  }

  failed(id: string, now: number): void {
    const endpoint = this.#endpoints.get(id) ?? { failures: 0, pausedUntil: -Infinity };
    endpoint.failures++;
    if (endpoint.failures >= PAUSED_FROM)
      endpoint.pausedUntil = now + Math.min(1_000 * 2 ** (endpoint.failures - PAUSED_FROM), LONGEST_PAUSE_MS);
    this.#endpoints.set(id, endpoint);
  }

  /** True where it had failed before. */
  succeeded(id: string): boolean {
    return this.#endpoints.delete(id);
  }
}
