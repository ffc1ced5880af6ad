import { randomUUID } from 'node:crypto';
import {
  UNITS_METER,
  type CheckRequest,
  type Decision,
  type LimitState,
  type Quota,
  type UndecidedError,
  type Usage,
  type UsageRequest,
} from '@sundial/contract';

/**
 * What a `FakeQuota` answers to one check: an allowed decision, a refused one, a decision of which the test names some
 * fields (`{ allowed: false, onDeny: { … } }`), or an error to reject with.
 */
export type FakeAnswer = 'allow' | 'refuse' | Partial<Decision> | Error;

/**
 * A `Quota` for tests of an application's own code. It needs no Redis, no rules and no clock, and records what it was
 * asked:
 *
 * - `FakeQuota.allowing()` allows every check, `FakeQuota.refusing({ onDeny })` refuses every check;
 * - `FakeQuota.counting(2)` allows two units per resource and subject, then refuses; `counting({ units: 2, tokens: 100 })`
 *   counts these meters, all of a check or none, and no others;
 * - `FakeQuota.scripted('allow', 'refuse', new Error('away'))` answers in this order, and rejects when the script ends;
 * - `new FakeQuota((request) => …)` decides by the request.
 *
 * `checks` and `usages` are the requests so far. `answerWith` changes the answers, `clear` forgets the requests.
 * It validates nothing and knows no windows: what rules do is tested with an engine.
 */
export class FakeQuota implements Quota {
  /** Every check, those of batches included, in the order in which they were asked. */
  readonly checks: CheckRequest[] = [];
  readonly usages: UsageRequest[] = [];
  /** The limits that decisions and usage show. */
  limits: readonly LimitState[] = [];
  #answer!: (request: CheckRequest) => FakeAnswer;

  constructor(answer: FakeAnswer | ((request: CheckRequest) => FakeAnswer) = 'allow') {
    this.answerWith(answer);
  }

  static allowing(): FakeQuota {
    return new FakeQuota('allow');
  }

  static refusing(refusal: Partial<Decision> = {}): FakeQuota {
    return new FakeQuota({ ...refusal, allowed: false });
  }

  static scripted(...answers: readonly FakeAnswer[]): FakeQuota {
    let next = 0;
    return new FakeQuota(({ resource }) => {
      const answer = answers[next++];
      if (answer !== undefined) return answer;
      return new Error(
        `FakeQuota has a script of ${answers.length} answers, and check ${next} ("${resource}") came. Add an answer.`,
      );
    });
  }

  static counting(
    max: number | Readonly<Record<string, number>>,
    refusal: Partial<Decision> = {},
  ): FakeQuota {
    const limits = Object.entries(typeof max === 'number' ? { [UNITS_METER]: max } : max);
    const usedUnits = new Map<string, number>();
    return new FakeQuota(({ resource, subject, amount = 1, amounts = {} }) => {
      const taken = new Map(Object.entries({ ...amounts, [UNITS_METER]: amount }));
      const counters = limits.map(([meter, most]) => {
        const name = JSON.stringify([meter, resource, Object.entries(subject).sort()]);
        const takes = taken.get(meter) ?? 0;
        const used = (usedUnits.get(name) ?? 0) + takes;
        return { name, used, hasRoom: takes === 0 || used <= most };
      });
      if (!counters.every(({ hasRoom }) => hasRoom)) return { ...refusal, allowed: false };
      for (const { name, used } of counters) usedUnits.set(name, used);
      return 'allow';
    });
  }

  /** What it answers from now on. */
  answerWith(answer: FakeAnswer | ((request: CheckRequest) => FakeAnswer)): void {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
  }

  /** Forgets the recorded requests; answers stay as they are. */
  clear(): void {
    this.checks.length = 0;
    this.usages.length = 0;
  }

  async check(request: CheckRequest): Promise<Decision> {
    this.checks.push(request);
    const answer = this.#answer(request);
    if (answer instanceof Error) throw answer;
    return this.#decision(request, answer);
  }

  checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | UndecidedError)[]> {
    return Promise.all(
      requests.map((request) => this.check(request).catch((error: UndecidedError) => error)),
    );
  }

  async usage(request: UsageRequest): Promise<Usage> {
    this.usages.push(request);
    const { resource, subject } = request;
    return { resource, subject, limits: this.limits, degraded: null, rulesVersion: 1 };
  }

  #decision({ operationId = randomUUID() }: CheckRequest, answer: Exclude<FakeAnswer, Error>): Decision {
    const named = typeof answer === 'string' ? { allowed: answer === 'allow' } : answer;
    const { allowed = true } = named;
    return {
      allowed,
      reason: allowed ? 'ok' : 'limit-reached',
      operationId,
      replayed: false,
      wouldDeny: false,
      limits: this.limits,
      degraded: null,
      rulesVersion: 1,
      ...named,
    };
  }
}
