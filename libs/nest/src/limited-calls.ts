import type { CheckRequest, Decision, InputError, Quota, Subject } from '@sundial/contract';
import { boundQuota } from './bound-quota.js';
import type { SubjectArgument } from './limited-methods.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import type { AsyncMethod, RiskLimitOptions } from './risk-limit.options.js';
import { UnavailabilityLog } from './unavailability-log.js';

/** The codes of errors that repeat for as long as the program is as it is. */
const MISUSE: readonly unknown[] = ['invalid-request', 'operation-conflict'];

/** What is known of an error of the engine or of the client, if it is one. */
interface Refusal {
  readonly code?: unknown;
  readonly message?: string;
  readonly errors?: readonly InputError[];
}

/** Options after the types of the guarded method's arguments are known to fit. */
type Options = RiskLimitOptions<(...args: unknown[]) => Promise<unknown>>;

/** The calls of one guarded method: ask, then run it or what stands in for it. */
export class LimitedCalls {
  readonly #options: Options;
  readonly #log: UnavailabilityLog;

  constructor(
    readonly label: string,
    options: RiskLimitOptions<never>,
    readonly subject: readonly SubjectArgument[],
  ) {
    this.#options = options as Options;
    this.#log = new UnavailabilityLog(label);
  }

  async run(instance: object, method: AsyncMethod, args: unknown[]): Promise<unknown> {
    const { resource, onDenied, onUnavailable } = this.#options;
    const answer = await this.#ask(this.#quotaOf(instance), this.#request(args));
    if ('error' in answer) {
      if (onUnavailable) return onUnavailable.call(instance as never, answer.error, ...args);
      this.#log.ranUncounted(answer.error);
    } else if (!answer.allowed) {
      if (onDenied) return onDenied.call(instance as never, answer, ...args);
      throw new RiskLimitExceededException(resource, answer);
    }
    return method.apply(instance, args as never[]);
  }

  async #ask(quota: Quota, request: CheckRequest): Promise<Decision | { readonly error: unknown }> {
    try {
      return await quota.check(request);
    } catch (error) {
      // The engine's and the client's errors are different classes with the same codes.
      const { code, message, errors = [] } = (error ?? {}) as Refusal;
      if (!MISUSE.includes(code) || this.#isOfRules(errors, request)) return { error };
      throw this.#misuse(`its check was refused: ${message}`, error);
    }
  }

  /**
   * Whether rules count by attributes that this method never tells: whoever wrote them stops no business with that.
   * An attribute that it tells and that has no value is another matter: nobody gets by for want of a name.
   */
  #isOfRules(errors: readonly InputError[], { subject }: CheckRequest): boolean {
    const isOfRule = ({ path }: InputError) => {
      const [, attribute] = /^subject\.(.+)$/.exec(path) ?? [];
      if (attribute === undefined || Object.hasOwn(subject, attribute)) return false;
      return !this.subject.some((told) => told.attribute === attribute);
    };
    return this.subject.length > 0 && errors.length > 0 && errors.every(isOfRule);
  }

  #quotaOf(instance: object): Quota {
    const quota = boundQuota(instance);
    if (quota) return quota;
    throw this.#misuse(
      'this instance has no quota to ask. Let Nest create it in an application that imports QuotaModule.forRoot(), ' +
        'or give it one with bindQuota(instance, quota); and call the method on the instance.',
    );
  }

  #request(args: unknown[]): CheckRequest {
    const { resource, subject, amount, operationId } = this.#options;
    try {
      const units = typeof amount === 'function' ? amount(...args) : amount;
      const id = operationId?.(...args);
      return {
        resource,
        subject: subject ? subject(...args) : this.#subjectOf(args),
        ...(units !== undefined && { amount: units }),
        ...(id !== undefined && { operationId: id }),
      };
    } catch (error) {
      if (error instanceof RiskLimitMisuseError) throw error;
      throw this.#misuse(`its check could not be told from its arguments: ${String(error)}`, error);
    }
  }

  #subjectOf(args: unknown[]): Subject {
    const subject: Record<string, string> = {};
    for (const { index, attribute, select } of this.subject) {
      const value = select(args[index]);
      if (value === undefined || value === null) continue;
      if (typeof value === 'string') subject[attribute] = value;
      else if (typeof value === 'bigint' || Number.isSafeInteger(value)) subject[attribute] = String(value);
      else
        throw this.#misuse(
          `@Subject('${attribute}') must be a string or a whole number, not ${kindOf(value)}.`,
        );
    }
    return subject;
  }

  #misuse(sentence: string, cause?: unknown): RiskLimitMisuseError {
    return new RiskLimitMisuseError(this.label, sentence, cause === undefined ? undefined : { cause });
  }
}

function kindOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
}
