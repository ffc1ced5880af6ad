import type {
  CommitRequest,
  ExtendRequest,
  ReleaseRequest,
  Reservation,
  ReservationAnswer,
  ReserveDecision,
  ReserveRequest,
} from '@sundial/contract';
import type { Failure, Outcome } from '../answers/outcome.js';
import { QuotaClientError } from '../answers/quota-client-error.js';
import { type Read, readReservationAnswer, readReserveDecision } from '../answers/shapes.js';
import type { Asked } from '../attempts/exchange.js';
import type { DegradedOperations, NamedRequest } from '../fallback/degraded-operations.js';
import { fallbackDecision } from '../fallback/fallback.js';
import { amountErrors, holdErrors } from '../fallback/request-errors.js';
import { committedOf, extendedOf } from './amounts.js';
import { KnownReservations } from './known-reservations.js';
import { OfflineHolds } from './offline-holds.js';
import { OfflineReservations, type OfflineReservationsOptions } from './offline-reservations.js';

export interface ClientReservationsOptions extends OfflineReservationsOptions {
  /** Asks the service within the client's deadline. */
  readonly ask: <T>(asked: Asked<T>) => Promise<Outcome<T>>;
}

/** The verbs of reservations: asked of the service, answered from what is known where none answers. */
export class ClientReservations {
  readonly #ask: ClientReservationsOptions['ask'];
  readonly #degraded: DegradedOperations;
  readonly #offline: OfflineReservations;
  readonly #known = new KnownReservations();

  constructor(options: ClientReservationsOptions) {
    this.#ask = options.ask;
    this.#degraded = options.degraded;
    this.#offline = new OfflineReservations(options);
  }

  async reserve(request: NamedRequest & ReserveRequest, text: string): Promise<ReserveDecision> {
    const read = readReserveDecision(request.operationId);
    const { resource } = request;
    const outcome = await this.#ask({ method: 'POST', path: 'reservations', body: text, read, resource });
    if (outcome.kind === 'failed') return this.#offline.reserve(request, outcome);
    const decision = answered(outcome);
    this.#degraded.learn(resource, decision);
    if (decision.reservation) this.#known.remember(decision.reservation);
    return decision;
  }

  async commit(id: string, request: CommitRequest): Promise<ReservationAnswer> {
    if (OfflineHolds.owns(id)) return this.#offline.commit(id, request);
    return this.#end(id, 'commit', request, (known) => {
      const errors = amountErrors(request);
      if (errors.length > 0) throw QuotaClientError.invalidRequest(...errors);
      return { ...known, state: 'committed', ...committedOf(known, request) };
    });
  }

  async release(id: string, request: ReleaseRequest): Promise<ReservationAnswer> {
    if (OfflineHolds.owns(id)) return this.#offline.release(id);
    return this.#end(id, 'release', request, (known) => ({ ...known, state: 'released' }));
  }

  async extend(id: string, request: ExtendRequest): Promise<ReserveDecision> {
    if (OfflineHolds.owns(id)) return this.#offline.extend(id, request);
    const outcome = await this.#ask(asked(id, '/extend', request, readReserveDecision()));
    if (outcome.kind === 'failed') return this.#extendUnasked(id, request, outcome);
    const decision = answered(outcome);
    if (decision.reservation) this.#known.remember(decision.reservation);
    return decision;
  }

  async reservation(id: string): Promise<ReservationAnswer> {
    if (OfflineHolds.owns(id)) return this.#offline.reservation(id);
    const path = `reservations/${id}`;
    const outcome = await this.#ask({ method: 'GET', path, read: readReservationAnswer });
    if (outcome.kind !== 'failed') return answered(outcome);
    const reservation = this.#known.get(id);
    this.#degraded.happened('reservation', reservation, outcome, null);
    return unreachable(reservation);
  }

  async #end(
    id: string,
    verb: 'commit' | 'release',
    request: CommitRequest | ReleaseRequest,
    ending: (known: Reservation) => Reservation,
  ): Promise<ReservationAnswer> {
    const outcome = await this.#ask(asked(id, `/${verb}`, request, readReservationAnswer));
    if (outcome.kind !== 'failed') {
      const answer = answered(outcome);
      this.#known.remember(answer.reservation);
      return answer;
    }
    const reservation = ending(this.#known.get(id));
    this.#degraded.record({ kind: 'ending', id, verb, body: JSON.stringify(request) });
    this.#degraded.happened(verb, reservation, outcome, null);
    return unreachable(this.#known.remember(reservation));
  }

  /** The service's hold stays as it is: where it has expired meanwhile, its commit is late. */
  #extendUnasked(id: string, request: ExtendRequest, failed: Failure): ReserveDecision {
    const known = this.#known.get(id);
    const errors = [...amountErrors(request), ...holdErrors(request)];
    const policy = this.#degraded.policyFor('extend', known, failed, errors);
    const decision = fallbackDecision(known.operationId, { policy });
    if (policy === 'deny') return { ...decision, reservation: known };
    const reservation = { ...known, amounts: extendedOf(known.amounts, request) };
    return { ...decision, reservation: this.#known.remember(reservation) };
  }
}

function asked<T>(id: string, verb: string, request: object, read: Read<T>): Asked<T> {
  const path = `reservations/${id}${verb}`;
  return { method: 'POST', path, body: JSON.stringify(request), read };
}

function answered<T>(outcome: Exclude<Outcome<T>, Failure>): T {
  if (outcome.kind === 'refused') throw outcome.error;
  return outcome.answer;
}

function unreachable(reservation: Reservation): ReservationAnswer {
  return { reservation, limits: [], degraded: { cause: 'unreachable' } };
}
