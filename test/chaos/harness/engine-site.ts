import { RedisStore, type RedisTarget } from '@sundial/redis';
import { eventually } from '../../support/eventually.js';
import { Auditor } from './auditor.js';
import { EngineNode } from './engine-node.js';
import { runExperiment, type Experiment } from './experiment.js';
import { PolicyLoad } from './policy-load.js';
import { middleOfAYearOffsetMs } from './rules.js';
import type { Site } from './sites/site.js';
import { stopAll } from './sites/start-nodes.js';

const SEED = 1;
const SAMPLE_EVERY_MS = 5;
const QUIET_LIMIT_MS = 10_000;

/** What a spec injects, for how long, and what ends it. */
export interface OneFault {
  inject(): unknown;
  heal(): unknown;
  readonly forMs: number;
  /** Where another server takes over: resolves when it has. */
  replaced?(): Promise<unknown>;
}

/** The highest readings of the engine's status, and of this process' sockets. */
export interface Peak {
  readonly inFlight: number;
  readonly pending: number;
  readonly sockets: number;
}

/** One engine in this process on a store, for specs that look into it. */
export class EngineSite implements Site {
  readonly nodes: readonly [EngineNode];
  readonly #load = new PolicyLoad();
  readonly #auditor: Auditor;
  readonly #sampler: NodeJS.Timeout;
  #peak: Peak = { inFlight: 0, pending: 0, sockets: 0 };

  private constructor(
    target: RedisTarget,
    readonly auditTarget: RedisTarget,
  ) {
    const store = new RedisStore(target, { clockOffsetMs: middleOfAYearOffsetMs() });
    this.nodes = [new EngineNode('engine', store, this.#load.rules)];
    this.#auditor = new Auditor(auditTarget, this.#load.rules);
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
  }

  /** The engine reaches the store by `target`; counters are audited by another way, if that is a proxy. */
  static async start(target: RedisTarget, auditTarget = target): Promise<EngineSite> {
    const site = new EngineSite(target, auditTarget);
    const usage = { resource: 'local', subject: { user: 'first' } };
    await eventually(async () => (await site.engine.usage(usage)).degraded === null);
    await site.#auditor.read([usage]);
    await site.quiet();
    site.node.modes.length = 0;
    return site;
  }

  get node(): EngineNode {
    return this.nodes[0];
  }

  get engine(): EngineNode['engine'] {
    return this.node.engine;
  }

  get peak(): Peak {
    return this.#peak;
  }

  async whole(): Promise<void> {
    await this.quiet();
  }

  runExperiment({ inject, heal, forMs, replaced }: OneFault): Promise<Experiment> {
    return runExperiment({
      seed: SEED,
      name: 'spec',
      fault: {
        name: 'the fault of this spec',
        lastsMs: [forMs, forMs],
        inject: async () => {
          await inject();
          return { heal, ...(replaced && { replaced: replaced() }) };
        },
      },
      site: this,
      load: this.#load,
      auditor: this.#auditor,
    });
  }

  /** The store decides, and nothing is under way or left to settle. */
  async quiet(): Promise<void> {
    const isQuiet = () => {
      const { mode, pending, inFlight } = this.engine.status();
      return mode === 'exact' && pending === 0 && inFlight === 0;
    };
    await eventually(isQuiet, { withinMs: QUIET_LIMIT_MS });
  }

  stop(): Promise<void> {
    clearInterval(this.#sampler);
    return stopAll(this.node, { stop: () => this.#auditor.close() });
  }

  #sample(): void {
    const { inFlight, pending } = this.engine.status();
    this.#peak = {
      inFlight: Math.max(this.#peak.inFlight, inFlight),
      pending: Math.max(this.#peak.pending, pending),
      sockets: Math.max(this.#peak.sockets, openSockets()),
    };
  }
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
}
