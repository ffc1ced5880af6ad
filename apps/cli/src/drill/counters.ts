import type { LimitState, Subject } from '@sundial/contract';
import { until } from './patience.js';
import type { DrillPlan } from './plan/drill-plan.js';
import {
  compare,
  type Compared,
  countersExact,
  unitsGivenBack,
  type Windows,
  windowsOf,
} from './steps/counter-steps.js';
import type { Step } from './steps/step.js';
import { type Call, decisionOf } from './traffic/call.js';
import type { Traffic } from './traffic/traffic.js';

/** What was decided without the store is settled within 2 s of its return; a busy machine may take longer. */
const SETTLED_MS = 5_000;
const POLL_MS = 200;
const ASK_TOGETHER = 8;

/** Calls of one subject that were allowed and not given back. */
interface Account {
  readonly subject: Subject;
  allowed: number;
}

export interface CountersOptions {
  readonly plan: DrillPlan;
  /** Of a subject of the drill, before its first call. Where all calls share that subject, it may be used already. */
  readonly before: readonly LimitState[];
  readonly signal: AbortSignal;
}

/** The counters that a drill touches: as they were, and what they have to be. */
export class Counters {
  readonly #windows: Windows;
  readonly #accounts = new Map<string, Account>();

  constructor(private readonly options: CountersOptions) {
    this.#windows = windowsOf(options.before);
  }

  /** After a fault, of all calls of its traffic: each that was allowed is counted once, and nothing else is. */
  async exact(traffic: Traffic): Promise<Step> {
    const allowed = this.add(traffic.calls);
    return countersExact(allowed, await this.#compared(traffic, traffic.calls));
  }

  /** Each call is added once. Answers how many of these were allowed. */
  add(calls: readonly Call[]): number {
    const allowed = calls.filter((call) => decisionOf(call)?.allowed);
    for (const { subject } of allowed) this.#accountOf(subject).allowed += 1;
    return allowed.length;
  }

  /** In the end, of all calls: reverses what was allowed, and looks whether the counters are as they were before the drill. */
  async giveBack(traffic: Traffic, calls: readonly Call[]): Promise<Step> {
    const allowed = calls.filter((call) => decisionOf(call)?.allowed);
    const failures = await traffic.giveBack(allowed);
    for (const account of this.#accounts.values()) account.allowed = 0;
    return unitsGivenBack(allowed.length, await this.#compared(traffic, calls), failures);
  }

  /** Looks again at what differs, since what was journaled needs a moment. */
  async #compared(traffic: Traffic, calls: readonly Call[]): Promise<readonly Compared[]> {
    const open = new Set(calls.map(({ subject }) => this.#accountOf(subject)));
    const done: Compared[] = [];
    const round = async () => {
      const differing: Compared[] = [];
      for (const some of groups([...open], ASK_TOGETHER)) {
        await Promise.all(
          some.map(async (account) => {
            const compared = await this.#one(traffic, account);
            const isDone = compared.limits > 0 && compared.differences.length === 0;
            (isDone ? done : differing).push(compared);
            if (isDone) open.delete(account);
          }),
        );
      }
      return differing;
    };
    const patience = { withinMs: SETTLED_MS, everyMs: POLL_MS, signal: this.options.signal };
    const differing = await until(round, (found) => found.length === 0, patience);
    return [...done, ...differing];
  }

  async #one(traffic: Traffic, { subject, allowed }: Account): Promise<Compared> {
    const { plan, before } = this.options;
    const isShared = plan.ownAttributes.length === 0;
    const expected = { before: isShared ? before : [], allowed };
    return compare(plan, this.#windows, expected, await traffic.usage(subject));
  }

  #accountOf(subject: Subject): Account {
    const key = JSON.stringify(subject);
    const account = this.#accounts.get(key) ?? { subject, allowed: 0 };
    this.#accounts.set(key, account);
    return account;
  }
}

function* groups<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
