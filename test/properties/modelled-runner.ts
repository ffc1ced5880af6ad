import { expect, jest } from '@jest/globals';
import { LiveRules, MemoryStore, QuotaEngine, RuleBook } from '@sundial/engine';
import type { DegradePolicy, QuotaError, Rule } from '@sundial/contract';
import type fc from 'fast-check';
import { ResilientRunner } from '@sundial/resilience';
import { ScheduledStore, TOKENS_A_UNIT, type CallOutcome } from './scheduled-store.js';

const MAX = 5;
const DEADLINE_MS = 50;
/** How exactly time passes in these tests. */
const STEP_MS = 5;
/** Where nothing is to happen at all. */
const LONG_STEP_MS = 100;
/** The node is exact again so soon after the store answers (I7). */
const EXACT_WITHIN_MS = 2_000;

export interface Setting {
  readonly scheduler: fc.Scheduler;
  readonly policy: DegradePolicy;
  readonly outcomes: readonly CallOutcome[];
  readonly isQueued: boolean;
}

/** The real one: tests fake it later. */
const { setImmediate } = globalThis;

/** Lets everything run that waits for nothing but its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A node whose store is at the scheduler's mercy, and what callers were answered by it. */
export class ModelledRunner {
  readonly engine: QuotaEngine;
  readonly store: ScheduledStore;
  /** Units of the operations for which a caller was answered yes. */
  readonly #allowed = new Map<string, number>();
  readonly #failures: unknown[] = [];
  readonly #setting: Setting;
  #unanswered = 0;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(store: ScheduledStore, setting: Setting) {
    this.store = store;
    this.#setting = setting;
    const runner = new ResilientRunner({ store, deadlineMs: DEADLINE_MS });
    this.engine = new QuotaEngine({
      runner,
      rules: new LiveRules(new RuleBook(1, [ruleOf(setting.policy)])),
    });
  }

  static async open(setting: Setting): Promise<ModelledRunner> {
    const { scheduler, outcomes, isQueued } = setting;
    const store = new ScheduledStore(await MemoryStore.open(), scheduler, { outcomes, isQueued });
    return new ModelledRunner(store, setting);
  }

  check(operationId: string, amount: number): void {
    if (this.#closing) return;
    const askedAt = performance.now();
    this.#unanswered++;
    const answered = (operation?: { readonly allowed: boolean }) =>
      this.#noting(() => {
        this.#unanswered--;
        if (operation?.allowed) this.#allowed.set(operationId, amount);
        // From when it was sent: what waits for its turn in this process has no deadline yet.
        if (!this.#setting.isQueued)
          expect(performance.now() - askedAt).toBeLessThanOrEqual(DEADLINE_MS + STEP_MS);
      });
    this.engine
      .check({
        ...{ resource: 'ocr', subject: { user: 'u' }, operationId, amount },
        amounts: { tokens: TOKENS_A_UNIT * amount },
      })
      .then(answered, (error: QuotaError) =>
        this.#noting(() => {
          expect(error.code).toBe('overloaded');
          answered();
        }),
      );
  }

  async pass(ms: number, stepMs = STEP_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      jest.advanceTimersByTime(stepMs);
      await turn();
    }
  }

  close(): void {
    this.#closing ??= this.engine.close().then(() => {
      this.#isClosed = true;
    });
  }

  /** The store answers all from now on: soon the node is exact, and the store has counted what callers were answered. */
  async heal(): Promise<void> {
    this.store.isHealed = true;
    const { scheduler } = this.#setting;
    for (let passed = 0; !this.#isQuiet; passed += STEP_MS) {
      if (passed > EXACT_WITHIN_MS) throw new Error(`Not exact: ${JSON.stringify(this.engine.status())}`);
      while (scheduler.count() > 0) await scheduler.waitOne();
      await this.pass(STEP_MS);
    }
    this.#verify();
    if (this.#closing) return;
    const promised = [...this.#allowed.values()].reduce((sum, amount) => sum + amount, 0);
    expect(this.store.used).toBe(promised);
    if (this.#setting.policy !== 'allow') expect(promised).toBeLessThanOrEqual(MAX);
  }

  /** A closed node asks the store nothing more. */
  async end(): Promise<void> {
    const { scheduler } = this.#setting;
    this.close();
    for (let passed = 0; !this.#isClosed; passed += STEP_MS) {
      if (passed > EXACT_WITHIN_MS) throw new Error('It does not close');
      while (scheduler.count() > 0) await scheduler.waitOne();
      await this.pass(STEP_MS);
    }
    const { calls } = this.store;
    await this.pass(EXACT_WITHIN_MS, LONG_STEP_MS);
    expect(this.store.calls).toBe(calls);
    this.#verify();
  }

  get #isQuiet(): boolean {
    if (this.#unanswered > 0 || this.#setting.scheduler.count() > 0) return false;
    const { mode, pending, inFlight } = this.engine.status();
    return this.#closing ? this.#isClosed : mode === 'exact' && pending === 0 && inFlight === 0;
  }

  #verify(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
    expect(this.engine.backlogMs).toBe(0);
    if (!this.#closing) expect(this.engine.status().lost).toBe(0);
  }

  #noting(check: () => void): void {
    try {
      check();
    } catch (failure) {
      this.#failures.push(failure);
    }
  }
}

function ruleOf(degrade: DegradePolicy): Rule {
  const limits = [
    { window: 'day', max: MAX },
    { window: 'hour', max: MAX },
    { window: 'day', meter: 'tokens', max: TOKENS_A_UNIT * MAX },
  ] as const;
  return { id: 'r', resource: 'ocr', per: ['user'], timeZone: 'UTC', limits, mode: 'enforce', degrade };
}
