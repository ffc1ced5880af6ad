import { Inject, Injectable } from '@nestjs/common';
import type { LiveNodes } from '@sundial/embedded';
import { type EngineStatus, LiveRules, QuotaEngine } from '@sundial/engine';
import { CONDITION_SEVERITY } from '@sundial/redis';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { LIVE_NODES } from '../engine/tokens.js';

const MODES: readonly EngineStatus['mode'][] = ['exact', 'degraded'];
const BREAKER_STATES: readonly EngineStatus['breaker'][] = ['closed', 'half-open', 'open'];

/** What this node is like at the moment of a scrape: its store, rules and peers, and its process with event-loop lag. */
@Injectable()
export class NodeMetrics {
  readonly #registers: Registry[];

  constructor(
    registry: Registry,
    engine: QuotaEngine,
    rules: LiveRules,
    @Inject(LIVE_NODES) nodes: LiveNodes,
  ) {
    this.#registers = [registry];
    const status = () => engine.status();
    this.#store(status);
    this.#gauge(
      'sundial_batch_checks_waiting',
      'Checks of batches that wait for their turn',
      () => engine.waitingInBatches,
    );
    this.#gauge('sundial_rules_version', 'The version of the rules in force', () => rules.current.version);
    this.#gauge('sundial_nodes_live', 'Nodes that share this store, as this one sees them', () => nodes.live);
    collectDefaultMetrics({ register: registry });
  }

  #store(status: () => EngineStatus): void {
    this.#oneOf(
      'sundial_store_state',
      'state',
      MODES,
      'Whether the store decides, or the degrade policies',
      () => status().mode,
    );
    this.#oneOf(
      'sundial_store_breaker',
      'state',
      BREAKER_STATES,
      'The circuit breaker before the store',
      () => status().breaker,
    );
    this.#gauge('sundial_store_in_flight', 'Calls to the store without an answer', () => status().inFlight);
    this.#gauge(
      'sundial_store_clock_offset_seconds',
      'The clock of the store minus that of this node',
      () => status().clockOffsetMs / 1000,
    );
    this.#gauge(
      'sundial_settlements_owed',
      'Degraded decisions the store does not show yet',
      () => status().owed,
    );
    this.#gauge(
      'sundial_settlements_lost',
      'Degraded decisions the store will never show',
      () => status().lost,
    );
    this.#gauge(
      'sundial_store_shards_open',
      'Masters of a Cluster that are not asked while the others are',
      () => status().openShards.length,
    );
    this.#conditions(() => status().conditions);
    this.#capacity(() => status().capacity);
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: this.#registers,
      collect() {
        this.set(read());
      },
    });
  }

  #capacity(read: () => EngineStatus['capacity']): void {
    new Gauge({
      name: 'sundial_embedded_counters',
      help: 'Counters of the embedded store: those it has, and those it has room for (SUNDIAL_MAX_SUBJECTS)',
      labelNames: ['which'],
      registers: this.#registers,
      collect() {
        const capacity = read();
        if (!capacity) return;
        this.set({ which: 'held' }, capacity.counters);
        this.set({ which: 'max' }, capacity.max);
      },
    });
  }

  /** One series for whatever can be wrong with a Redis: how many servers it is wrong with. */
  #conditions(read: () => EngineStatus['conditions']): void {
    new Gauge({
      name: 'sundial_redis_condition',
      help: 'What is wrong with Redis: on how many servers',
      labelNames: ['condition', 'severity'],
      registers: this.#registers,
      collect() {
        const found = read();
        for (const [condition, severity] of Object.entries(CONDITION_SEVERITY)) {
          if (condition === 'capacity') continue;
          const servers = found.filter((each) => each.condition === condition).length;
          this.set({ condition, severity }, servers);
        }
      },
    });
  }

  /** One series a possible value, 1 for the one that is true. */
  #oneOf<T extends string>(
    name: string,
    label: string,
    values: readonly T[],
    help: string,
    read: () => T,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: this.#registers,
      collect() {
        const current = read();
        for (const value of values) this.set({ [label]: value }, value === current ? 1 : 0);
      },
    });
  }
}
