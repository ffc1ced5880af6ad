import { Injectable } from '@nestjs/common';
import type { LedgerStatus } from '@sundial/ledger';
import { Counter, Gauge, Registry } from 'prom-client';
import { NodeLedger } from './node-ledger.js';

/** The ledger for Prometheus; where there is none, all of it is 0. */
@Injectable()
export class LedgerMetrics {
  constructor(registry: Registry, node: NodeLedger) {
    const registers = [registry];
    const read = (of: (status: LedgerStatus) => number) => (node.ledger ? of(node.ledger.status()) : 0);
    new Counter({
      name: 'sundial_ledger_events_total',
      help: 'Events that the ledger has written',
      registers,
      collect() {
        this.reset();
        this.inc(read(({ written }) => written));
      },
    });
    new Counter({
      name: 'sundial_ledger_lost_total',
      help: 'Events that are missing from the ledger: it was away, its disk was full, or more came than it could write',
      registers,
      collect() {
        this.reset();
        this.inc(read(({ lost }) => lost));
      },
    });
    new Gauge({
      name: 'sundial_ledger_queued',
      help: 'Events that wait to be written to the ledger',
      registers,
      collect() {
        this.set(read(({ queued }) => queued));
      },
    });
  }
}
