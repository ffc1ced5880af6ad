import type { Failure } from '../answers/outcome.js';
import type { ClientEvents } from '../events/client-events.js';
import type { Endpoint } from './endpoint.js';

export interface EndpointsOptions {
  readonly endpoints: readonly Endpoint[];
  readonly events: ClientEvents;
  /** Whether the endpoint is well; asked aside of calls. It never rejects. */
  readonly probe: (endpoint: Endpoint) => Promise<boolean>;
  readonly onRestored: () => void;
  readonly random: () => number;
}

/**
 * The addresses of one service, the main one first. Calls go to the first whose circuit is closed, so they go over to a backup
 * when the main one fails, and back when a probe finds it well.
 */
export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #timers = new Map<Endpoint, NodeJS.Timeout>();
  #isClosed = false;

  constructor(options: EndpointsOptions) {
    this.#options = options;
  }

  /** In their order. `resource`: what is asked about, where it is one. */
  usable(resource?: string): readonly Endpoint[] {
    return this.#options.endpoints.filter(({ circuit }) => !circuit.isOpenFor(resource));
  }

  answered(endpoint: Endpoint, resource?: string): void {
    if (endpoint.circuit.answered(resource)) this.#restored(endpoint);
  }

  failed(endpoint: Endpoint, failure: Failure, resource: string | null = null): void {
    const { cause, code, detail, retryAfterMs } = failure;
    // The drill of one resource says nothing of the endpoint.
    if (code === 'drill-fault') return;
    const now = performance.now();
    const { circuit } = endpoint;
    const wasOpen = circuit.isOpen;
    if (!circuit.failed(now, resource, retryAfterMs)) return;
    if (!wasOpen) endpoint.openedAt = now;
    const { events } = this.#options;
    events.emit('endpointSkipped', { endpoint: endpoint.name, resource: circuit.resource, cause, detail });
    if (!wasOpen) this.#scheduleProbe(endpoint);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #scheduleProbe(endpoint: Endpoint): void {
    if (this.#isClosed) return;
    const dueInMs = endpoint.circuit.nextProbeInMs(performance.now(), this.#options.random());
    clearTimeout(this.#timers.get(endpoint));
    this.#timers.set(endpoint, setTimeout(() => void this.#probe(endpoint), dueInMs).unref());
  }

  async #probe(endpoint: Endpoint): Promise<void> {
    const isWell = await this.#options.probe(endpoint);
    if (this.#isClosed || !endpoint.circuit.isOpen) return;
    if (!isWell) return this.#scheduleProbe(endpoint);
    endpoint.circuit.probed();
    this.#restored(endpoint);
  }

  #restored(endpoint: Endpoint): void {
    clearTimeout(this.#timers.get(endpoint));
    this.#timers.delete(endpoint);
    const skippedMs = Math.round(performance.now() - endpoint.openedAt);
    this.#options.events.emit('endpointRestored', { endpoint: endpoint.name, skippedMs });
    this.#options.onRestored();
  }
}
