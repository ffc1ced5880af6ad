import type { Decision, DegradedCause, DegradePolicy, Rule } from '@sundial/contract';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveRules, type QuotaEngine, RuleBook, type StoreMode } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { eventually } from '../support/eventually.js';
import { middleOfAnHourOffsetMs } from '../support/middle-of-an-hour.js';
import { openLoop } from '../support/open-loop.js';
import { StolenTime } from '../support/stolen-time.js';
import { engineOn } from '../support/engine-on.js';

export const MAX_PER_HOUR = 25;
export const MAX_AMOUNT = 3;
const RATE_PER_SECOND = 200;
const CALM_MS = 300;
const AFTERMATH_MS = 1_200;
const QUIET_LIMIT_MS = 10_000;
const POLICIES: readonly DegradePolicy[] = ['local', 'allow', 'deny'];
const COLD_USERS = 20;
/** In so many turns a hot user is asked for about twice what it may have; then another one is hot. */
const HOT_TURNS = 40;

/** One resource a policy, named like it. */
const RULES = POLICIES.map((degrade): Rule => ({
  id: `${degrade}-per-user`,
  resource: degrade,
  per: ['user'],
  timeZone: 'UTC',
  limits: [
    { window: 'hour', max: MAX_PER_HOUR },
    { window: 'day', max: 10 * MAX_PER_HOUR },
  ],
  mode: 'enforce',
  degrade,
}));

/** What happens to the store, and for how long. */
export interface Fault {
  inject(): unknown;
  heal(): unknown;
  readonly forMs: number;
}

/** One answer, and when it was due and given on the monotonic clock. */
export interface Told {
  readonly policy: DegradePolicy;
  readonly user: string;
  readonly amount: number;
  readonly decision: Decision;
  readonly dueAt: number;
  readonly answeredAt: number;
  /** From when it was due, less what the machine stole from this process meanwhile. */
  readonly latencyMs: number;
}

export interface ModeChange {
  readonly mode: StoreMode;
  readonly cause: DegradedCause | null;
  readonly at: number;
}

export interface Endured {
  readonly told: readonly Told[];
  readonly errors: readonly unknown[];
  readonly modes: readonly ModeChange[];
  readonly injectedAt: number;
  readonly healedAt: number;
  /** Until the engine was exact again, from the end of the fault; 0 when it was all the time. */
  readonly recoveredMs: number;
  /** The highest readings of the engine's status. */
  readonly most: { readonly inFlight: number; readonly owed: number; readonly sockets: number };
}

/**
 * An engine on a store to which things happen, under a constant load: a third of it under each policy, half of it on
 * one hot user after another, who all come to their limits, with amounts of 1 to 3. Afterwards the books are compared with what callers were told.
 */
export class Ordeal {
  readonly #modes: ModeChange[] = [];
  readonly engine: QuotaEngine;
  readonly #auditor: QuotaEngine;

  private constructor(target: RedisTarget, books: RedisTarget) {
    const rules = new LiveRules(new RuleBook(1, RULES));
    const clockOffsetMs = middleOfAnHourOffsetMs();
    this.engine = engineOn({
      store: new RedisStore(target, { clockOffsetMs }),
      rules,
      observer: { modeChanged: (mode, cause) => this.#modes.push({ mode, cause, at: performance.now() }) },
    });
    this.#auditor = engineOn({
      store: new RedisStore(books, { clockOffsetMs }),
      rules,
      deadlineMs: 5_000,
    });
  }

  /** The engine reaches the store by `target`; the books are read by another way, if that is a proxy. */
  static async start(target: RedisTarget, books = target): Promise<Ordeal> {
    const ordeal = new Ordeal(target, books);
    for (const engine of [ordeal.engine, ordeal.#auditor]) {
      await eventually(
        async () =>
          (await engine.usage({ resource: 'local', subject: { user: 'nobody' } })).degraded === null,
      );
    }
    await ordeal.#quiet();
    ordeal.#modes.length = 0;
    return ordeal;
  }

  async endure({ inject, heal, forMs }: Fault): Promise<Endured> {
    const stolen = StolenTime.ofThisProcess();
    const readings: Endured['most'][] = [];
    const sampler = setInterval(() => readings.push({ ...this.engine.status(), sockets: openSockets() }), 5);
    const startedAt = performance.now();
    const load = openLoop({
      ratePerSecond: RATE_PER_SECOND,
      durationMs: CALM_MS + forMs + AFTERMATH_MS,
      call: (index) => this.#ask(index),
    });
    await sleep(CALM_MS);
    await eventually(() => this.engine.status().mode === 'exact' && this.engine.status().owed === 0);
    await inject();
    const injectedAt = performance.now();
    await sleep(forMs);
    await heal();
    const healedAt = performance.now();
    const { arrivals, errors } = await load;
    await this.#quiet();
    clearInterval(sampler);
    stolen.stop();
    const told = arrivals.map(({ result, dueMs, latencyMs }): Told => {
      const dueAt = startedAt + dueMs;
      const answeredAt = dueAt + latencyMs;
      return { ...result, dueAt, answeredAt, latencyMs: latencyMs - stolen.within(dueAt, answeredAt) };
    });
    return {
      told,
      errors,
      modes: this.#modes,
      injectedAt,
      healedAt,
      recoveredMs: this.#recoveredMs(healedAt),
      most: {
        inFlight: Math.max(...readings.map(({ inFlight }) => inFlight)),
        owed: Math.max(...readings.map(({ owed }) => owed)),
        sockets: Math.max(...readings.map(({ sockets }) => sockets)),
      },
    };
  }

  /** What the store's books show for a user in hour and day, beside what callers were told was allowed. */
  async audit(told: readonly Told[]): Promise<Audit[]> {
    const subjects = new Map<string, { policy: DegradePolicy; user: string; allowed: number }>();
    for (const { policy, user, amount, decision } of told) {
      const entry = subjects.get(`${policy} ${user}`) ?? { policy, user, allowed: 0 };
      if (decision.allowed) entry.allowed += amount;
      subjects.set(`${policy} ${user}`, entry);
    }
    return Promise.all(
      [...subjects.values()].map(async (entry) => {
        const question = { resource: entry.policy, subject: { user: entry.user } };
        // Nobody has told the auditor of a new master yet.
        const limits = await eventually(async () => {
          const usage = await this.#auditor.usage(question);
          return usage.degraded === null && usage.limits;
        });
        return { ...entry, hour: limits[0]!.used, day: limits[1]!.used };
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.engine.close(), this.#auditor.close()]);
  }

  async #ask(index: number) {
    const policy = POLICIES[index % POLICIES.length]!;
    const turn = Math.floor(index / POLICIES.length);
    const user = turn % 2 === 0 ? `hot-${Math.floor(turn / HOT_TURNS)}` : `cold-${turn % COLD_USERS}`;
    const amount = 1 + (turn % MAX_AMOUNT);
    const decision = await this.engine.check({ resource: policy, subject: { user }, amount });
    return { policy, user, amount, decision };
  }

  #recoveredMs(healedAt: number): number {
    const before = this.#modes.findLast(({ at }) => at <= healedAt);
    if (before?.mode !== 'degraded') return 0;
    const exact = this.#modes.find(({ mode, at }) => mode === 'exact' && at > healedAt);
    return exact ? exact.at - healedAt : Infinity;
  }

  /** Nothing is owed or under way any more, and the store decides. */
  async #quiet(): Promise<void> {
    const isQuiet = () => {
      const { mode, owed, inFlight } = this.engine.status();
      return mode === 'exact' && owed === 0 && inFlight === 0;
    };
    await eventually(isQuiet, { withinMs: QUIET_LIMIT_MS });
  }
}

export interface Audit {
  readonly policy: DegradePolicy;
  readonly user: string;
  readonly allowed: number;
  readonly hour: number;
  readonly day: number;
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
}
