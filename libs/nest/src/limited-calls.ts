import type { Decision, InputError, Quota, ReserveDecision } from '@sundial/contract';
import { boundQuota } from './bound-quota.js';
import { CheckReader, type CheckReading, type Options } from './check-reader.js';
import type { SubjectArgument } from './limited-methods.js';
import { ReservedCalls } from './on-success/reserved-calls.js';
import { QuietLog } from './quiet-log.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import { type OperationCode, RiskLimitRequestException } from './risk-limit-request.exception.js';
import type { AsyncMethod, RiskLimitOptions } from './risk-limit.options.js';

/** What is known of an error of the engine or of the client, if it is one: their classes differ, their codes do not. */
interface QuotaFailure {
  readonly code?: unknown;
  readonly message?: string;
  readonly errors?: readonly InputError[];
}

/** What was asked, and the decision, or why there is none. */
interface Asked {
  readonly request: CheckReading['request'];
  readonly answer: Decision | ReserveDecision | { readonly error: unknown };
}

/** The calls of one guarded method: ask, then run it or what stands in for it. */
export class LimitedCalls {
  readonly #options: Options;
  readonly #reader: CheckReader;
  /** Where calls count only when they succeed. */
  readonly #reserved: ReservedCalls | undefined;
  readonly #uncounted: QuietLog;
  readonly #refused: QuietLog;

  constructor(
    readonly label: string,
    options: RiskLimitOptions<never>,
    readonly subject: readonly SubjectArgument[],
  ) {
    this.#options = options as Options;
    this.#reader = new CheckReader(label, this.#options, subject);
    this.#uncounted = new QuietLog(`${label} ran uncounted`);
    this.#refused = new QuietLog(`${label} refused a call`);
    if (options.count !== 'on-success') return;
    this.#reserved = new ReservedCalls(this.#options, (event) => new QuietLog(`${label} ${event}`));
  }

  async run(instance: object, method: AsyncMethod, args: unknown[]): Promise<unknown> {
    const { resource, onDenied, onUnavailable } = this.#options;
    const quota = this.#quotaOf(instance);
    const { answer, request } = await this.#ask(quota, args);
    if ('error' in answer) {
      if (onUnavailable) return onUnavailable.call(instance as never, answer.error, ...args);
      this.#uncounted.warn(`the quota did not decide. ${String(answer.error)}`);
    } else if (!answer.allowed) {
      if (onDenied) return onDenied.call(instance as never, answer, ...args);
      throw new RiskLimitExceededException(resource, answer);
    } else if (this.#reserved && isReserved(answer)) {
      const call = { quota, request, decision: answer, args: [...args] };
      return this.#reserved.run(call, () => method.apply(instance, args as never[]));
    }
    return method.apply(instance, args as never[]);
  }

  async #ask(quota: Quota, args: unknown[]): Promise<Asked> {
    try {
      const reading = this.#reader.read(args);
      const { request } = reading;
      try {
        return { request, answer: await (this.#reserved?.reserve(quota, request) ?? quota.check(request)) };
      } catch (error) {
        return { request, answer: this.#failed(error, reading) };
      }
    } catch (error) {
      if (error instanceof RiskLimitRequestException) {
        this.#refused.warn(`${error.message}. If no request can have sent that, the program passes it.`);
      }
      throw error;
    }
  }

  /** An outage is handed back; what repeats for as long as caller or program are as they are is thrown. */
  #failed(error: unknown, reading: CheckReading): { readonly error: unknown } {
    const { code, message = String(error), errors = [] } = (error ?? {}) as QuotaFailure;
    const { resource, operationId } = reading.request;
    if (isOperationCode(code)) {
      if (operationId === undefined) throw this.#refusal(message, error);
      throw RiskLimitRequestException.ofOperation({ method: this.label, resource, code }, message, error);
    }
    if (code !== 'invalid-request') return { error };
    const blames = errors.map((error) => this.#blame(error, reading));
    if (blames.length === 0 || blames.includes('program')) {
      throw this.#refusal(message, error);
    }
    const missing = errors.filter((_, index) => blames[index] === 'caller');
    if (missing.length === 0) return { error };
    const sent = missing.map(({ path }) => ({ path, message: 'is missing' }));
    throw RiskLimitRequestException.invalid(this.label, resource, sent, error);
  }

  #refusal(message: string, cause: unknown): RiskLimitMisuseError {
    return new RiskLimitMisuseError(this.label, `its check was refused: ${message}`, { cause });
  }

  /**
   * - `caller`: an attribute that the method names has no value.
   * - `rules`: they count by an attribute that the method does not name: a change of rules stops no business.
   * - `program`: all else, since what callers send was looked at before.
   */
  #blame({ path }: InputError, { request, named }: CheckReading): 'caller' | 'rules' | 'program' {
    const [, attribute] = /^subject\.(.+)$/.exec(path) ?? [];
    if (attribute === undefined || Object.hasOwn(request.subject, attribute)) return 'program';
    if (named.has(attribute)) return 'caller';
    return this.subject.length > 0 ? 'rules' : 'program';
  }

  #quotaOf(instance: object): Quota {
    const quota = boundQuota(instance);
    if (quota) return quota;
    throw new RiskLimitMisuseError(
      this.label,
      'this instance has no quota to ask. Let Nest create it in an application that imports QuotaModule.forRoot(), ' +
        'or give it one with bindQuota(instance, quota); and call the method on the instance.',
    );
  }
}

function isReserved(decision: Decision): decision is ReserveDecision {
  return 'reservation' in decision;
}

function isOperationCode(code: unknown): code is OperationCode {
  return code === 'operation-conflict' || code === 'operation-refunded';
}
