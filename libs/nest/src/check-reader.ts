import { type CheckRequest, type InputError, OPERATION_ID_PATTERN } from '@sundial/contract';
import { isSendable, kindOf, readAttribute } from './attribute-value.js';
import type { SubjectArgument } from './limited-methods.js';
import { isUnits, readAmounts, UNITS } from './meter-amounts.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import { RiskLimitRequestException } from './risk-limit-request.exception.js';
import type { RiskLimitOptions } from './risk-limit.options.js';

/** Options after the types of the guarded method's arguments are known to fit. */
export type Options = RiskLimitOptions<(...args: unknown[]) => Promise<unknown>>;

/** What a call's arguments say: a check, and the attributes that were asked for, also those that had no value. */
export interface CheckReading {
  readonly request: CheckRequest;
  readonly named: ReadonlySet<string>;
}

/** Reads checks from the arguments of one guarded method's calls. */
export class CheckReader {
  constructor(
    readonly label: string,
    readonly options: Options,
    readonly subject: readonly SubjectArgument[],
  ) {}

  /**
   * @throws RiskLimitRequestException for what the caller sent, every error listed.
   * @throws RiskLimitMisuseError for what only the program can have passed.
   */
  read(args: unknown[]): CheckReading {
    const { resource } = this.options;
    const errors: InputError[] = [];
    const values = this.#values(args);
    const subject = this.#subject(values.attributes, errors);
    const amount = this.#part('amount', values.amount, isUnits, UNITS, errors);
    const amounts = this.#amounts(values.amounts, errors);
    const operationId = this.#part('operationId', values.operationId, isOperationId, OPERATION_ID, errors);
    if (errors.length > 0) throw RiskLimitRequestException.invalid(this.label, resource, errors);
    const request = {
      resource,
      subject,
      ...(amount !== undefined && { amount }),
      ...(amounts !== undefined && { amounts }),
      ...(operationId !== undefined && { operationId }),
    };
    return { request, named: new Set(values.attributes.keys()) };
  }

  /** All that runs functions of the application, which may throw. */
  #values(args: unknown[]): Values {
    const { subject, amount, amounts, operationId } = this.options;
    try {
      return {
        attributes: new Map(subject ? Object.entries(subject(...args)) : this.#selected(args)),
        amount: typeof amount === 'function' ? amount(...args) : amount,
        amounts: typeof amounts === 'function' ? amounts(...args) : amounts,
        operationId: operationId?.(...args),
      };
    } catch (error) {
      throw this.#misuse(`its check could not be read from its arguments: ${String(error)}`, error);
    }
  }

  #selected(args: unknown[]): [string, unknown][] {
    return this.subject.map(({ index, attribute, select }) => {
      const argument = args[index];
      try {
        return [attribute, select(argument)];
      } catch (error) {
        // A function that reads a property of an argument that was not sent.
        if (argument === undefined || argument === null) return [attribute, undefined];
        throw error;
      }
    });
  }

  #subject(attributes: ReadonlyMap<string, unknown>, errors: InputError[]): CheckRequest['subject'] {
    const subject: [string, string][] = [];
    for (const [attribute, value] of attributes) {
      const reading = readAttribute(value);
      switch (reading.kind) {
        case 'value':
          subject.push([attribute, reading.value]);
          break;
        case 'invalid':
          errors.push({ path: `subject.${attribute}`, message: reading.message });
          break;
        case 'misuse':
          throw this.#misuse(`its attribute "${attribute}" ${reading.message}.`);
        case 'absent':
          break;
      }
    }
    return Object.fromEntries(subject);
  }

  #amounts(value: unknown, errors: InputError[]): CheckRequest['amounts'] {
    if (value === undefined) return undefined;
    const reading = readAmounts(value);
    switch (reading.kind) {
      case 'amounts':
        return reading.amounts;
      case 'invalid':
        errors.push(...reading.errors);
        return undefined;
      case 'misuse':
        throw this.#misuse(`its option "amounts" ${reading.message}.`);
    }
  }

  #part<T>(
    path: 'amount' | 'operationId',
    value: unknown,
    isValid: (value: unknown) => value is T,
    wanted: string,
    errors: InputError[],
  ): T | undefined {
    if (value === undefined || isValid(value)) return value;
    const message = `must be ${wanted}`;
    if (!isSendable(value)) throw this.#misuse(`its option "${path}" ${message}, not ${kindOf(value)}.`);
    errors.push({ path, message });
    return undefined;
  }

  #misuse(sentence: string, cause?: unknown): RiskLimitMisuseError {
    return new RiskLimitMisuseError(this.label, sentence, cause === undefined ? undefined : { cause });
  }
}

interface Values {
  readonly attributes: ReadonlyMap<string, unknown>;
  readonly amount: unknown;
  readonly amounts: unknown;
  readonly operationId: unknown;
}

const OPERATION_ID = '1 to 128 printable ASCII characters';

function isOperationId(value: unknown): value is string {
  return typeof value === 'string' && OPERATION_ID_PATTERN.test(value);
}
