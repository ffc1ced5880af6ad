import { type InputError, said } from './said.js';
import type { ReservationState } from './reservation.js';

/** As many errors as help a person: a hostile input holds thousands, and each costs time and bytes of the answer. */
export const MAX_ERRORS = 20;

/**
 * Every error Sundial raises on purpose: its code, a sentence, and whether repeating the same call can help.
 * A denial is not among them. The service maps codes to HTTP statuses (one table there).
 */
const CATALOGUE = {
  'brake-not-found': { retryable: false, title: 'There is no brake with this id' },
  'drill-fault': { retryable: true, title: 'A drill makes this resource fail' },
  'drill-not-found': { retryable: false, title: 'There is no drill of this resource' },
  'invalid-request': { retryable: false, title: 'The request is not valid' },
  'invalid-rule': { retryable: false, title: 'The rule is not valid' },
  'operation-conflict': { retryable: false, title: 'The operation id was used for something else' },
  'operation-not-found': { retryable: false, title: 'No operation is remembered under this id' },
  'operation-refunded': { retryable: false, title: 'The operation was refunded' },
  'override-not-found': { retryable: false, title: 'This subject has no override of the rule' },
  'pack-not-found': { retryable: false, title: 'The subject has no pack with this id' },
  'too-many-packs': { retryable: false, title: 'The subject has as many packs as it can have' },
  'reservation-not-found': { retryable: false, title: 'There is no such reservation' },
  'reservation-ended': { retryable: false, title: 'The reservation has ended otherwise' },
  'reservation-held': { retryable: false, title: 'The reservation is still held' },
  'nothing-to-return': { retryable: false, title: 'Less is used than is to be returned' },
  'rule-exists': { retryable: false, title: 'A rule with this id exists' },
  'rule-not-found': { retryable: false, title: 'There is no rule with this id' },
  'rule-changed': { retryable: false, title: 'The rule was changed in the meantime' },
  overloaded: { retryable: true, title: 'Too many checks at once' },
  'rules-changed': { retryable: false, title: 'The rules were changed in the meantime' },
  'store-unavailable': { retryable: true, title: 'The store did not answer' },
} as const;

export type QuotaErrorCode = keyof typeof CATALOGUE;

/** What an error says beside its sentence; over HTTP these are members of its problem. */
export interface QuotaErrorMembers {
  /** With `reservation-ended`: how it ended. */
  readonly state?: ReservationState;
}

/** Misuse, or an outage that a verb cannot hide. */
export class QuotaError extends Error {
  override readonly name = 'QuotaError';
  readonly title: string;
  readonly retryable: boolean;
  readonly members: QuotaErrorMembers;

  constructor(
    readonly code: QuotaErrorCode,
    detail: string,
    readonly errors: readonly InputError[] = [],
    options?: ErrorOptions & { readonly members?: QuotaErrorMembers },
  ) {
    super(detail, options);
    this.members = options?.members ?? {};
    this.title = CATALOGUE[code].title;
    this.retryable = CATALOGUE[code].retryable;
  }

  static conflict(operationId: string): QuotaError {
    const detail = `Operation ${operationId} was another check; use a new operationId.`;
    return new QuotaError('operation-conflict', detail);
  }

  static refunded(operationId: string): QuotaError {
    const detail = `Operation ${operationId} was refunded, or its client has reported that it refused it; use a new operationId.`;
    return new QuotaError('operation-refunded', detail);
  }

  /** Also where the id was cut or made up: nothing says which. */
  static reservationNotFound(): QuotaError {
    const detail =
      'No reservation is known under this id: it is not one that reserve answered, or it ended more than 15 minutes ago.';
    return new QuotaError('reservation-not-found', detail);
  }

  /** It has ended as `state` says, and was to end otherwise. */
  static reservationEnded(state: ReservationState): QuotaError {
    const detail = `The reservation is ${state}: it can no longer end otherwise. A refund reverses what was committed.`;
    return new QuotaError('reservation-ended', detail, [], { members: { state } });
  }

  /** The node has more checks than it can decide in time, and the store is not to blame. Nothing was counted. */
  static overloaded(detail: string): QuotaError {
    return new QuotaError('overloaded', detail);
  }

  /** Bad input, every error listed, up to `MAX_ERRORS`. */
  static invalid(code: 'invalid-request' | 'invalid-rule', all: readonly InputError[]): QuotaError {
    const errors = firstErrors(all);
    const detail = errors.map(({ path, message }) => `${path || 'body'}: ${message}`).join('; ');
    return new QuotaError(code, detail, errors);
  }
}

/** The first `MAX_ERRORS`; where there are more, the last one says how many. Only those that are kept are described. */
export function firstErrors(errors: readonly InputError[]): readonly InputError[];
export function firstErrors<T>(
  errors: readonly T[],
  describe: (error: T) => InputError,
): readonly InputError[];
export function firstErrors<T extends InputError>(
  errors: readonly T[],
  describe: (error: T) => InputError = (error) => error,
): readonly InputError[] {
  if (errors.length <= MAX_ERRORS) return errors.map(describe);
  const shown = errors.slice(0, MAX_ERRORS - 1).map(describe);
  return [...shown, { path: '', ...said('more-errors', { count: errors.length - shown.length }) }];
}
