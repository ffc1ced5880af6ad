import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';

/** Events for other systems, and their deliveries, for Prometheus. */
@Injectable()
export class EventMetrics {
  readonly #made: Counter;
  readonly #deliveries: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#made = new Counter({
      name: 'sundial_events_total',
      help: 'Events for other systems that this node made, by type and outcome (kept; lost, since too many waited for the database)',
      labelNames: ['type', 'outcome'],
      registers,
    });
    this.#deliveries = new Counter({
      name: 'sundial_webhook_deliveries_total',
      help: 'Attempts of this node to deliver an event to a webhook, by outcome (delivered, failed, dead)',
      labelNames: ['outcome'],
      registers,
    });
  }

  made(type: string): void {
    this.#made.inc({ type, outcome: 'kept' });
  }

  lost(type: string): void {
    this.#made.inc({ type, outcome: 'lost' });
  }

  attempted(outcome: 'delivered' | 'failed' | 'dead'): void {
    this.#deliveries.inc({ outcome });
  }
}
