import {
  type CommitRequest,
  type ExtendRequest,
  type Reservation,
  type ReservationAnswer,
  type ReserveDecision,
  type ReserveRequest,
} from '@sundial/contract';
import { failure, type Failure } from '../answers/outcome.js';
import { QuotaClientError } from '../answers/quota-client-error.js';
import { type DegradedOperations, type NamedRequest, operationOf } from '../fallback/degraded-operations.js';
import { fallbackDecision } from '../fallback/fallback.js';
import { withOfflineReceipt } from '../fallback/offline-receipt.js';
import { amountErrors, holdErrors, requestErrors } from '../fallback/request-errors.js';
import { asRequest, committedOf, extendedOf } from './amounts.js';
import { type OfflineHold, OfflineHolds } from './offline-holds.js';

export interface OfflineReservationsOptions {
  readonly degraded: DegradedOperations;
  /** Takes back what the journal holds for the reservation. */
  readonly withdraw: (reservationId: string) => void;
}

/**
 * Reservations where no service answers: the fallback decides, a commit is reported, a release is nothing. One with `onExpiry:
 * 'commit'` is reported when it expires, unless it ended before, also by a process that was killed meanwhile and keeps its
 * journal in a file.
 */
export class OfflineReservations {
  readonly #options: OfflineReservationsOptions;
  readonly #holds = new OfflineHolds();

  constructor(options: OfflineReservationsOptions) {
    this.#options = options;
  }

  reserve(request: NamedRequest & ReserveRequest, failed: Failure): ReserveDecision {
    const { degraded } = this.#options;
    const errors = [...requestErrors(request), ...holdErrors(request)];
    const verdict = degraded.verdictOn('reserve', request, failed, errors);
    const decision = fallbackDecision(request.operationId, verdict);
    if (verdict.policy === 'deny') {
      degraded.record({ kind: 'operation', operation: operationOf(request, failed, verdict) });
      return { ...decision, reservation: null };
    }
    const hold = this.#holds.make(request, failed, Date.now());
    if (hold.onExpiry === 'commit') this.#reportAtExpiry(hold);
    const expiresAtMs = Date.parse(hold.reservation.expiresAt);
    return { ...withOfflineReceipt(decision, request, expiresAtMs), reservation: hold.reservation };
  }

  commit(id: string, request: CommitRequest): ReservationAnswer {
    const errors = amountErrors(request);
    if (errors.length > 0) throw QuotaClientError.invalidRequest(...errors);
    const hold = this.#find(id);
    const { state, amounts } = hold.reservation;
    if (state === 'released') throw ended(hold.reservation);
    if (state === 'committed') return answer(hold.reservation);
    const isLate = Date.now() > Date.parse(hold.reservation.expiresAt);
    const change = { ...committedOf(hold.reservation, request), ...(isLate && { late: true as const }) };
    this.#options.withdraw(id);
    const operation = operationFor(hold, asRequest(change.committed ?? amounts));
    this.#options.degraded.record({ kind: 'operation', operation });
    return answer(this.#holds.change(hold, { state: 'committed', ...change }).reservation);
  }

  release(id: string): ReservationAnswer {
    const hold = this.#find(id);
    const { state, expiresAt } = hold.reservation;
    const hasExpired = state === 'held' && Date.now() > Date.parse(expiresAt);
    if (state === 'committed' || (hasExpired && hold.onExpiry === 'commit')) throw ended(hold.reservation);
    if (state !== 'held') return answer(hold.reservation);
    this.#options.withdraw(id);
    return answer(this.#holds.change(hold, { state: hasExpired ? 'expired' : 'released' }).reservation);
  }

  extend(id: string, request: ExtendRequest): ReserveDecision {
    const hold = this.#find(id);
    const { state, amounts, expiresAt } = hold.reservation;
    if (state !== 'held') throw ended(hold.reservation);
    const failed = failure(
      hold.failure.cause,
      hold.failure.sent,
      'the reservation was made without a service',
    );
    const errors = [...amountErrors(request), ...holdErrors(request)];
    const policy = this.#options.degraded.policyFor('extend', hold, failed, errors);
    const decision = fallbackDecision(hold.operationId, { policy });
    if (policy === 'deny') return { ...decision, reservation: hold.reservation };
    const until = Math.max(Date.parse(expiresAt), Date.now() + (request.ttlMs ?? 0));
    const change = { amounts: extendedOf(amounts, request), expiresAt: new Date(until).toISOString() };
    const extended = this.#holds.change(hold, change);
    if (hold.onExpiry === 'commit') this.#reportAtExpiry(extended);
    return { ...decision, reservation: extended.reservation };
  }

  reservation(id: string): ReservationAnswer {
    const { reservation, onExpiry } = this.#find(id);
    const hasExpired = reservation.state === 'held' && Date.now() > Date.parse(reservation.expiresAt);
    if (!hasExpired) return answer(reservation);
    const isCommitted = onExpiry === 'commit';
    return answer({
      ...reservation,
      state: 'expired',
      ...(isCommitted && { committed: reservation.amounts }),
    });
  }

  #reportAtExpiry(hold: OfflineHold): void {
    const { id: reservationId, amounts, expiresAt } = hold.reservation;
    this.#options.withdraw(reservationId);
    this.#options.degraded.record({
      kind: 'operation',
      operation: operationFor(hold, asRequest(amounts)),
      held: { reservationId, untilMs: Date.parse(expiresAt) },
    });
  }

  #find(id: string): OfflineHold {
    const hold = this.#holds.find(id);
    if (hold) return hold;
    throw QuotaClientError.reservationNotFound();
  }
}

function operationFor(hold: OfflineHold, amounts: ReturnType<typeof asRequest>) {
  const { operationId, resource, subject, decidedAt } = hold;
  const request = { operationId, resource, subject, ...amounts };
  return operationOf(request, hold.failure, { policy: 'allow' }, decidedAt);
}

function answer(reservation: Reservation): ReservationAnswer {
  return { reservation, limits: [], degraded: { cause: 'unreachable' } };
}

function ended({ state: known }: Reservation): QuotaClientError {
  const state = known === 'held' ? 'committed' : known;
  const detail = `The reservation is ${state}: it cannot end otherwise.`;
  return new QuotaClientError('reservation-ended', detail, {
    retryable: false,
    status: 409,
    members: { state },
  });
}
