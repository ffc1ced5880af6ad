import { Inject, Injectable } from '@nestjs/common';
import type { LiveNodes } from '@sundial/embedded';
import { type EngineStatus, LiveRules, QuotaEngine } from '@sundial/engine';
import { FINDING_SEVERITY } from '@sundial/redis/without-driver';
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
    this.#gauge(
      'sundial_nodes_live',
      'Live nodes that share the store, as this node sees them',
      () => nodes.live,
    );
    collectDefaultMetrics({ register: registry });
  }

  #store(status: () => EngineStatus): void {
    this.#oneOf(
      'sundial_store_state',
      'state',
      MODES,
      'What decides: the store (exact), or the degrade policies of the rules (degraded)',
      () => status().mode,
    );
    this.#oneOf(
      'sundial_store_breaker',
      'state',
      BREAKER_STATES,
      'State of the circuit breaker before the store',
      () => status().breaker,
    );
    this.#gauge(
      'sundial_store_in_flight',
      'Calls to the store that are not answered yet',
      () => status().inFlight,
    );
    this.#gauge(
      'sundial_store_clock_offset_seconds',
      "The store's clock minus this node's clock",
      () => status().clockOffsetMs / 1000,
    );
    this.#gauge(
      'sundial_settlements_pending',
      'Degraded decisions that the store has not acknowledged yet',
      () => status().pending,
    );
    this.#gauge(
      'sundial_settlements_lost',
      'Degraded decisions that will never be counted in the store',
      () => status().lost,
    );
    this.#gauge(
      'sundial_store_shards_open',
      'Masters of the Redis Cluster that are not asked because their breaker is open',
      () => status().openShards.length,
    );
    this.#findings(() => status().findings);
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
  #findings(read: () => EngineStatus['findings']): void {
    new Gauge({
      name: 'sundial_redis_finding',
      help: 'Redis servers with this finding; docs/redis.md says what to do',
      labelNames: ['finding', 'severity'],
      registers: this.#registers,
      collect() {
        const found = read();
        for (const [finding, severity] of Object.entries(FINDING_SEVERITY)) {
          if (finding === 'capacity') continue;
          const servers = found.filter((each) => each.finding === finding).length;
          this.set({ finding, severity }, servers);
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
