import { expect, jest } from '@jest/globals';
import { LiveRules, QuotaEngine, RuleBook } from '@sundial/engine';
import { counterKey } from '@sundial/engine/ports';
import type { DegradePolicy, OnExpiry, QuotaError, Reservation, Rule } from '@sundial/contract';
import type fc from 'fast-check';
import { ResilientRunner } from '@sundial/resilience';
import type { ModelLimit, Shape } from './reservation-model.js';
import { ScheduledStore, type CallOutcome } from './scheduled-store.js';
import { SpecifiedStore } from './specified-store.js';

const MAX = 6;
const MAX_TOKENS = 40;
const DAY_MS = 86_400_000;
const DEADLINE_MS = 50;
const STEP_MS = 5;
/** Where nothing is to happen at all. */
const LONG_STEP_MS = 100;
/** The node is exact again so soon after the store answers (I7). */
const EXACT_WITHIN_MS = 2_000;
const FOR_EVER = 1e12;
const subject = { user: 'u' };

const SHAPE: Shape = {
  limits: [
    { meter: 'units', max: MAX, window: 'day' },
    { meter: 'tokens', max: MAX_TOKENS, window: 'day' },
    { meter: 'units', max: 4, window: 'concurrent' },
  ],
  windowAt: ({ window }: ModelLimit, now: number) => (window === 'day' ? Math.floor(now / DAY_MS) : 0),
  rememberFor: FOR_EVER,
  rememberSettledFor: FOR_EVER,
};
const FIELDS = ['d', '(day|tokens)', '(concurrent)'];

export interface Setting {
  readonly scheduler: fc.Scheduler;
  readonly policy: DegradePolicy;
  readonly outcomes: readonly CallOutcome[];
}

export interface Job {
  readonly id: string;
  readonly tokens: number;
  readonly ttlMs: number;
  readonly onExpiry: OnExpiry;
}

/** What a caller was answered about one operation last. */
interface KnownReservation extends Job {
  readonly reservation: Reservation;
  /** Tokens that were committed; undefined until then. */
  readonly committed?: number;
  readonly isReleased?: boolean;
}

/** The real one: tests fake it later. */
const { setImmediate } = globalThis;
const turn = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve);
  });

/** A node whose store does what the specification says, and answers when and as the scheduler likes; and its callers. */
export class ReservingNode {
  readonly engine: QuotaEngine;
  readonly store: ScheduledStore;
  readonly #specified: SpecifiedStore;
  readonly #scheduler: fc.Scheduler;
  readonly #known = new Map<string, KnownReservation>();
  readonly #busy = new Set<string>();
  readonly #failures: unknown[] = [];
  readonly #policy: DegradePolicy;

  constructor({ scheduler, policy, outcomes }: Setting) {
    this.#policy = policy;
    this.#scheduler = scheduler;
    this.#specified = new SpecifiedStore(SHAPE, FIELDS);
    this.store = new ScheduledStore(this.#specified, scheduler, { outcomes, isQueued: false });
    const runner = new ResilientRunner({ store: this.store, deadlineMs: DEADLINE_MS });
    this.engine = new QuotaEngine({ runner, rules: new LiveRules(new RuleBook(1, [ruleOf(policy)])) });
  }

  /** A caller that has no answer to its reserve, or a refusal, may ask again; one that has a reservation goes on with that. */
  reserve(job: Job): void {
    if (this.#busy.has(job.id) || this.#known.has(job.id)) return;
    const { id, tokens, ttlMs, onExpiry } = job;
    this.#ask(id, async () => {
      const request = { resource: 'llm', subject, operationId: id, amounts: { tokens }, ttlMs, onExpiry };
      const { allowed, reservation } = await this.engine.reserve(request);
      expect(reservation !== null).toBe(allowed);
      if (reservation) this.#known.set(id, { ...job, reservation });
    });
  }

  commit(id: string, tokens: number): void {
    const known = this.#known.get(id);
    if (known === undefined || known.isReleased || this.#busy.has(id)) return;
    this.#ask(id, async () => {
      const committed = known.committed ?? tokens;
      const { reservation } = await this.engine.commit(known.reservation.id, {
        amounts: { tokens: committed },
      });
      expect(reservation.state).toBe('committed');
      expect(reservation.committed).toEqual({ units: 1, tokens: committed });
      this.#known.set(id, { ...known, committed });
    });
  }

  release(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined || known.committed !== undefined || this.#busy.has(id)) return;
    this.#ask(id, async () => {
      try {
        const { reservation } = await this.engine.release(known.reservation.id);
        expect(['released', 'expired']).toContain(reservation.state);
        this.#known.set(id, { ...known, isReleased: true });
      } catch (error) {
        expect((error as QuotaError).code).toBe('reservation-ended');
        expect(known.onExpiry).toBe('commit');
      }
    });
  }

  /**
   * More tokens only where the policy grants them too, and not at the last moment: what a store has granted, and its answer was
   * lost, it would hold.
   */
  extend(id: string, more: number, ttlMs: number): void {
    const known = this.#known.get(id);
    if (known === undefined || known.isReleased || known.committed !== undefined || this.#busy.has(id))
      return;
    if (Date.parse(known.reservation.expiresAt) - Date.now() < 2 * DEADLINE_MS) return;
    const tokens = known.tokens + (this.#policy === 'allow' ? more : 0);
    this.#ask(id, async () => {
      try {
        const { allowed, reservation } = await this.engine.extend(known.reservation.id, {
          amounts: { tokens },
          ttlMs,
        });
        const { id: itsId } = known.reservation;
        if (allowed) this.#known.set(id, { ...known, tokens, reservation: { ...reservation!, id: itsId } });
      } catch (error) {
        expect((error as QuotaError).code).toBe('reservation-ended');
      }
    });
  }

  async pass(ms: number, stepMs = STEP_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      jest.advanceTimersByTime(stepMs);
      await turn();
    }
  }

  /** The store answers all from now on: soon it has counted what callers were answered, and holds what they may still end. */
  async heal(): Promise<void> {
    this.store.isHealed = true;
    for (let passed = 0; !this.#isQuiet; passed += STEP_MS) {
      if (passed > EXACT_WITHIN_MS) throw new Error(`Not exact: ${JSON.stringify(this.engine.status())}`);
      while (this.#scheduler.count() > 0) await this.#scheduler.waitOne();
      await this.pass(STEP_MS);
    }
    if (this.#failures.length > 0) throw this.#failures[0];
    expect(this.engine.status().lost).toBe(0);
    this.#verify();
    // What no caller ends expires.
    await this.pass(5 * STEP_MS);
    jest.setSystemTime(Date.now() + 5_000);
    this.#verify();
  }

  async end(): Promise<void> {
    let isClosed = false;
    void this.engine.close().then(() => (isClosed = true));
    for (let passed = 0; !isClosed; passed += STEP_MS) {
      if (passed > EXACT_WITHIN_MS) throw new Error('It does not close');
      while (this.#scheduler.count() > 0) await this.#scheduler.waitOne();
      await this.pass(STEP_MS);
    }
    await this.pass(EXACT_WITHIN_MS, LONG_STEP_MS);
  }

  get #isQuiet(): boolean {
    if (this.#busy.size > 0 || this.#scheduler.count() > 0) return false;
    const { mode, pending, inFlight } = this.engine.status();
    return mode === 'exact' && pending === 0 && inFlight === 0;
  }

  #verify(): void {
    const now = Date.now();
    const expected = { units: [0, 0], tokens: [0, 0] } as {
      units: [number, number];
      tokens: [number, number];
    };
    for (const { reservation, tokens, committed, isReleased, onExpiry } of this.#known.values()) {
      const isOver = Date.parse(reservation.expiresAt) <= now;
      if (committed === undefined && (isReleased || (isOver && onExpiry === 'release'))) continue;
      const at = committed === undefined && !isOver ? 1 : 0;
      expected.units[at] += 1;
      expected.tokens[at] += committed ?? tokens;
    }
    const limits = this.#limits;
    expect(limits.map(({ used, reserved }) => [used, reserved])).toEqual([
      expected.units,
      expected.tokens,
      [0, expected.units[1]],
    ]);
  }

  get #limits() {
    const rule = ruleOf('local');
    const { key, shardGroup } = counterKey(rule, subject);
    const start = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const bounds = [start, start + DAY_MS, start + 2 * DAY_MS] as const;
    const limits = FIELDS.map((field, index) => ({
      field,
      max: SHAPE.limits[index]!.max,
      enforced: true,
      bounds,
    }));
    const result = this.#specified.read({ counters: [{ key, shardGroup, limits }] });
    return 'counts' in result ? result.counts : [];
  }

  #ask(id: string, ask: () => Promise<void>): void {
    this.#busy.add(id);
    ask()
      .catch((error: QuotaError) => {
        if (error.code !== 'overloaded') this.#failures.push(error);
      })
      .finally(() => this.#busy.delete(id));
  }
}

function ruleOf(degrade: DegradePolicy): Rule {
  const limits = [
    { window: 'day', max: MAX },
    { window: 'day', meter: 'tokens', max: MAX_TOKENS },
    { window: 'concurrent', max: 4 },
  ] as const;
  return { id: 'r', resource: 'llm', per: ['user'], timeZone: 'UTC', limits, mode: 'enforce', degrade };
}
