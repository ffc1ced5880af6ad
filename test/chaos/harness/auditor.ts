import type { Rule, UsageRequest } from '@sundial/contract';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { engineOn } from '../../support/engine-on.js';
import { eventually } from '../../support/eventually.js';
import { storedPack, type PackPlace } from './admin/pack-counters.js';
import { countersOf, type Stored } from './expected-counters.js';
import type { Attempt } from './history.js';
import { middleOfAYearOffsetMs } from './rules.js';

export type StoredCounters = ReadonlyMap<string, Stored>;

const PATIENCE_MS = 10_000;

/** Reads the store's counters by an engine of its own, and knows nothing of what the nodes know. */
export class Auditor {
  readonly #engine: QuotaEngine;

  constructor(
    target: RedisTarget,
    private readonly rules: readonly Rule[],
  ) {
    this.#engine = engineOn({
      store: new RedisStore(target, { clockOffsetMs: middleOfAYearOffsetMs() }),
      rules: new LiveRules(new RuleBook(1, rules)),
      deadlineMs: 5_000,
    });
  }

  /** What the store says of every subject that was asked about. */
  async read(requests: readonly UsageRequest[], packsOf: readonly PackPlace[] = []): Promise<StoredCounters> {
    const stored = new Map<string, Stored>();
    await Promise.all(
      packsOf.map(async (place) => {
        const { packs } = await eventually(() => this.#engine.packs.list(place), {
          withinMs: PATIENCE_MS,
          what: `the store says which packs ${JSON.stringify(place)} has`,
        });
        for (const pack of packs) stored.set(...storedPack(place, pack));
      }),
    );
    await Promise.all(
      requests.map(async (request) => {
        // It may have to find a new master first.
        const usage = await eventually(
          async () => {
            const answer = await this.#engine.usage(request);
            return answer.degraded === null && answer;
          },
          { withinMs: PATIENCE_MS, what: `the store says what ${JSON.stringify(request)} used` },
        );
        for (const { name, ...counted } of countersOf(usage, this.rules)) stored.set(name, counted);
      }),
    );
    return stored;
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** Every subject that was asked about, once. */
export function subjectsOf(attempts: readonly Attempt[]): UsageRequest[] {
  const named = attempts.map(({ operation: { resource, subject } }) => {
    const name = `${resource} ${Object.values(subject).join(' ')}`;
    return [name, { resource, subject }] as const;
  });
  return [...new Map(named).values()];
}
