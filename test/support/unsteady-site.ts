import type { DegradePolicy, Rule } from '@sundial/contract';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import { countersToTake, StoreError } from '@sundial/engine/ports';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '../../libs/resilience/src/journal/journal.js';
import { ResilientRunner } from '../../libs/resilience/src/resilient-runner.js';

export const LLM = { resource: 'llm', subject: { user: 'u' } };

/** A store that is away, or takes no settlements, when the test says so. */
class UnsteadyStore {
  readonly kind = 'redis';
  isAway = false;
  /** It does what it is asked, and its answers get lost. */
  isMute = false;
  settles = true;

  constructor(private readonly store: MemoryStore) {}

  get secret(): Store['secret'] {
    return this.store.secret;
  }

  take: Store['take'] = (request) => {
    const counters = countersToTake(request) as typeof request.counters;
    return this.#ask(() => this.store.take({ ...request, counters, deadlineAt: Number.MAX_SAFE_INTEGER }));
  };
  settle: Store['settle'] = (request) => this.#ask(() => this.store.settle(request), this.settles);
  read: Store['read'] = (request) => this.#ask(() => this.store.read(request));
  endHold: Store['endHold'] = (request) =>
    this.#ask(() => this.store.endHold({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER }));
  refund: Store['refund'] = (request) =>
    this.#ask(() => this.store.refund({ ...request, deadlineAt: Number.MAX_SAFE_INTEGER }));
  now = () => this.store.now();
  probe = async () => this.#ask(() => undefined);
  close = async () => undefined;

  async #ask<T>(ask: () => T, answers = true): Promise<T> {
    if (this.isAway || !answers) throw new StoreError('Away', 'not-executed');
    const answer = ask();
    if (this.isMute) throw new StoreError('Mute', 'unknown');
    return answer;
  }
}

interface Setting {
  readonly degrade?: DegradePolicy;
  readonly journal?: Journal;
  /** How many nodes share what remains. */
  readonly live?: number;
}

/** Engines in this process, on such a store. */
export class UnsteadySite {
  readonly store: UnsteadyStore;
  readonly #engines: QuotaEngine[] = [];

  private constructor(
    readonly memory: MemoryStore,
    /** For journals. */
    readonly directory: string,
  ) {
    this.store = new UnsteadyStore(memory);
  }

  static async open(): Promise<UnsteadySite> {
    return new UnsteadySite(await MemoryStore.open(), await mkdtemp(join(tmpdir(), 'without-store-')));
  }

  engineOn({ degrade = 'local', journal, live = 1 }: Setting = {}): QuotaEngine {
    const nodes = () => ({ live, rank: 0 });
    const runner = new ResilientRunner({ store: this.store as unknown as Store, journal, nodes });
    const engine = new QuotaEngine({ runner, rules: new LiveRules(new RuleBook(1, [ruleOf(degrade)])) });
    this.#engines.push(engine);
    return engine;
  }

  /** Used and reserved, of each limit. */
  async states(engine: QuotaEngine): Promise<number[][]> {
    return (await engine.usage(LLM)).limits.map(({ used, reserved }) => [used, reserved]);
  }

  /** The store answers, and has recorded all. */
  async settled(engine: QuotaEngine): Promise<void> {
    Object.assign(this.store, { isAway: false, isMute: false, settles: true });
    while (engine.status().pending > 0 || engine.status().mode !== 'exact') await sleep(5);
  }

  async close(): Promise<void> {
    this.store.isAway = true;
    await Promise.all(this.#engines.splice(0).map((engine) => engine.close()));
    await this.memory.close();
    await rm(this.directory, { recursive: true });
  }
}

function ruleOf(degrade: DegradePolicy): Rule {
  return {
    ...{ id: 'r', resource: 'llm', per: ['user'], timeZone: 'UTC', mode: 'enforce', degrade },
    limits: [
      { window: 'total', max: 10 },
      { window: 'total', meter: 'tokens', max: 1_000 },
    ],
  };
}
