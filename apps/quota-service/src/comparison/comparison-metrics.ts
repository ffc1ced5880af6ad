import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { ComparisonTimer } from './comparison-timer.js';

/** What comparing counters with the ledger came to. */
@Injectable()
export class ComparisonMetrics {
  constructor(registry: Registry, timer: ComparisonTimer) {
    new Counter({
      name: 'sundial_ledger_compared_total',
      help: 'Windows of counters that were compared with their events in the ledger, by outcome',
      labelNames: ['outcome'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [outcome, windows] of Object.entries(timer.windows)) this.inc({ outcome }, windows);
      },
    });
  }
}
