import { Injectable } from '@nestjs/common';
import { type JournalStatus, QuotaEngine } from '@sundial/engine';
import { Counter, Gauge, Registry } from 'prom-client';

/** What a scrape reads of the journal. */
interface Reading {
  readonly name: string;
  readonly help: string;
  readonly read: (journal: JournalStatus) => number;
}

const GAUGES: readonly Reading[] = [
  {
    name: 'sundial_journal_bytes',
    help: 'The size of the journal of degraded decisions',
    read: ({ bytes }) => bytes,
  },
  {
    name: 'sundial_journal_oldest_seconds',
    help: 'Age of the oldest degraded decision that the store has not acknowledged',
    read: ({ oldestMs }) => (oldestMs ?? 0) / 1000,
  },
  {
    name: 'sundial_uncertain_intervals',
    help: 'Intervals in which the node cannot say what became of some operations',
    read: ({ uncertainIntervals }) => uncertainIntervals.length,
  },
];

const COUNTERS: readonly Reading[] = [
  {
    name: 'sundial_journal_unjournaled_total',
    help: 'Degraded decisions answered before the journal held them',
    read: ({ unjournaled }) => unjournaled,
  },
  {
    name: 'sundial_journal_withheld_total',
    help: 'Degraded decisions that were refused instead of allowed, because the strict journal did not hold them in time',
    read: ({ withheld }) => withheld,
  },
  {
    name: 'sundial_journal_summed_total',
    help: 'Degraded decisions kept as sums only, because the journal was full',
    read: ({ summed }) => summed,
  },
];

/** The journal for Prometheus, as it is at the moment of a scrape. */
@Injectable()
export class JournalMetrics {
  constructor(registry: Registry, engine: QuotaEngine) {
    const registers = [registry];
    for (const { read, ...named } of GAUGES) {
      new Gauge({
        ...named,
        registers,
        collect() {
          this.set(read(engine.journal()));
        },
      });
    }
    for (const { read, ...named } of COUNTERS) {
      new Counter({
        ...named,
        registers,
        collect() {
          this.reset();
          this.inc(read(engine.journal()));
        },
      });
    }
    new Counter({
      name: 'sundial_settlements_total',
      help: 'Settled degraded decisions, by outcome',
      labelNames: ['outcome'],
      registers,
      collect() {
        this.reset();
        for (const [outcome, operations] of Object.entries(engine.journal().settled)) {
          this.inc({ outcome }, operations);
        }
      },
    });
  }
}
