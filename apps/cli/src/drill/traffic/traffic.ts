import { type ClientAlarm, QuotaClient, QuotaClientError } from '@sundial/client';
import type { CheckRequest, Decision, LimitState, Subject } from '@sundial/contract';
import type { ServiceAccess } from '../../service/service-access.js';
import type { DrillPlan } from '../plan/drill-plan.js';
import type { DrillNames } from '../plan/drill-subjects.js';
import type { Call } from './call.js';

/** Calls of a wave that are begun in one turn: the first goes out alone, the others share a request. */
const TOGETHER = 4;
/** With the one in a batch beside a check of the other resource, and the one that goes out alone before them. */
export const CALLS_PER_WAVE = TOGETHER + 2;
const GIVE_BACK_TOGETHER = 8;

export interface TrafficOptions {
  readonly access: ServiceAccess;
  readonly plan: DrillPlan;
  readonly names: DrillNames;
  readonly deadlineMs: number;
}

/**
 * A program that uses the resource, with a `QuotaClient` as every program has it: `fallback: 'allow'`, and a journal in memory.
 * What it asks about another resource goes through a client of its own, as another program's: once alone, and once in a batch
 * together with the drilled resource.
 */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #client: QuotaClient;
  readonly #bystander: QuotaClient;
  readonly #alarms: ClientAlarm[] = [];
  readonly #calls: Call[] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { access, deadlineMs } = options;
    const settings = {
      url: access.url,
      deadlineMs,
      fallback: 'allow',
      ...(access.checkKey !== undefined && { key: access.checkKey }),
    } as const;
    this.#client = new QuotaClient({ ...settings, onAlarm: (alarm) => this.#alarms.push(alarm) });
    this.#bystander = new QuotaClient(settings);
  }

  /** What the program's operator heard. */
  get alarms(): readonly ClientAlarm[] {
    return this.#alarms;
  }

  /** Of the drilled resource, all until now. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  /** Some calls of the drilled resource, as programs make them. Answers the calls of the other one. */
  async wave(): Promise<readonly Call[]> {
    await this.single();
    const requests = Array.from({ length: TOGETHER }, () => this.#request());
    const drilled = requests.map((request) => this.#checked(request));
    const alone = timed(this.#other(), (request) => this.#bystander.check(request));
    const [mixed, beside] = await this.#batch(this.#request(), this.#other());
    this.#calls.push(...(await Promise.all(drilled)), mixed);
    return [await alone, beside];
  }

  /** One call alone, with a receipt. */
  async single(): Promise<Call> {
    const call = await this.#checked(this.#request());
    this.#calls.push(call);
    return call;
  }

  async usage(subject: Subject): Promise<readonly LimitState[]> {
    const usage = await this.#client.usage({ resource: this.#options.plan.resource, subject });
    return usage.degraded ? [] : usage.limits;
  }

  /** Reports what no service decided. What is pending then was not taken within the time. */
  async report(timeoutMs: number): Promise<{ readonly taken: number; readonly pending: number }> {
    const flushed = await Promise.all(
      [this.#client, this.#bystander].map((each) => each.flush({ timeoutMs })),
    );
    const taken = [this.#client, this.#bystander].flatMap((each) => [...each.affected()]);
    return {
      taken: taken.filter(({ outcome }) => outcome === 'counted' || outcome === 'already-counted').length,
      pending: flushed.reduce((sum, { pending }) => sum + pending, 0),
    };
  }

  /** Reverses calls that were counted. Answers what could not be reversed. */
  async giveBack(calls: readonly Call[]): Promise<readonly string[]> {
    const { resource } = this.#options.plan;
    const failures: string[] = [];
    for (let at = 0; at < calls.length; at += GIVE_BACK_TOGETHER) {
      const some = calls.slice(at, at + GIVE_BACK_TOGETHER).map(async ({ subject, operationId }) => {
        await this.#client
          .refund({ resource, subject, operationId, reason: 'sundial drill' })
          .catch((error: unknown) => failures.push(messageOf(error)));
      });
      await Promise.all(some);
    }
    return failures;
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#bystander.close()]);
  }

  #checked(request: CheckRequest): Promise<Call> {
    return timed({ ...request, receipt: true }, (asked) => this.#client.check(asked));
  }

  #request(): CheckRequest & { readonly operationId: string } {
    const { plan, names } = this.#options;
    const takes = Object.keys(plan.amounts).length > 0 ? { amounts: plan.amounts } : {};
    return { resource: plan.resource, ...names.next(), ...takes };
  }

  /** It only looks, so it counts nothing. */
  #other(): CheckRequest {
    const { plan, names } = this.#options;
    return { resource: plan.other, subject: names.otherSubject, amount: 0 };
  }

  async #batch(...requests: readonly [CheckRequest, CheckRequest]): Promise<[Call, Call]> {
    const startedAt = performance.now();
    const answers = await this.#bystander.checkBatch(requests).catch((error: unknown) => [error, error]);
    const tookMs = performance.now() - startedAt;
    const [first, second] = requests.map((request, index) => called(request, tookMs, answers[index]));
    return [first!, second!];
  }
}

async function timed(
  request: CheckRequest,
  check: (request: CheckRequest) => Promise<Decision>,
): Promise<Call> {
  const startedAt = performance.now();
  const answer = await check(request).catch((error: unknown) => error);
  return called(request, performance.now() - startedAt, answer);
}

function called({ subject, operationId = '' }: CheckRequest, tookMs: number, answer: unknown): Call {
  const isDecision = typeof answer === 'object' && answer !== null && 'allowed' in answer;
  return {
    operationId,
    subject,
    tookMs,
    answer: isDecision ? { decision: answer as Decision } : { rejected: messageOf(answer) },
  };
}

function messageOf(error: unknown): string {
  if (error instanceof QuotaClientError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}
