import type {
  Decision,
  Refunded,
  Reservation,
  ReservationAnswer,
  ReserveDecision,
  Returned,
  Usage,
} from '@sundial/contract';
import { isProblem, type Problem } from './quota-client-error.js';

/** Reads an answer of the service: undefined where it is of another shape. Unknown fields and words are a later version's. */
export type Read<T> = (body: unknown) => T | undefined;

export const readUsage: Read<Usage> = (body) => (hasList(body, 'limits') ? (body as never) : undefined);

/** A decision on another operation is none on this one: a proxy's cache could give it. */
export function readDecision(operationId: string): Read<Decision> {
  return (body) => (isDecision(body) && body.operationId === operationId ? body : undefined);
}

export function readReserveDecision(operationId?: string): Read<ReserveDecision> {
  return (body) => {
    if (!isDecision(body) || (operationId !== undefined && body.operationId !== operationId))
      return undefined;
    const { reservation, ...decision } = body as Decision & { reservation?: unknown };
    if (reservation !== null && !isReservation(reservation)) return undefined;
    return decision.allowed && reservation === null ? undefined : { ...decision, reservation };
  };
}

export const readReservationAnswer: Read<ReservationAnswer> = (body) =>
  hasList(body, 'limits') && 'reservation' in body && isReservation(body.reservation)
    ? (body as unknown as ReservationAnswer)
    : undefined;

export const readRefunded: Read<Refunded> = (body) =>
  typeof body === 'object' && body !== null && 'refunded' in body && body.refunded === true
    ? (body as Refunded)
    : undefined;

export const readReturned: Read<Returned> = (body) =>
  hasList(body, 'limits') && 'returned' in body && body.returned === true
    ? (body as unknown as Returned)
    : undefined;

/** A check of a batch that could not be decided, in its place. */
interface Undecided {
  readonly error: Problem;
}

export type BatchEntry = Decision | Undecided;

/** One entry for each operation, in their order. */
export function readBatch(operationIds: readonly string[]): Read<readonly BatchEntry[]> {
  return (body) => {
    if (!hasList(body, 'decisions') || body.decisions.length !== operationIds.length) return undefined;
    const fits = (entry: unknown, index: number) =>
      isUndecided(entry) || (isDecision(entry) && entry.operationId === operationIds[index]);
    return body.decisions.every(fits) ? (body.decisions as BatchEntry[]) : undefined;
  };
}

export function isUndecided(entry: unknown): entry is Undecided {
  return typeof entry === 'object' && entry !== null && 'error' in entry && isProblem(entry.error);
}

function isDecision(body: unknown): body is Decision {
  return hasList(body, 'limits') && 'allowed' in body && typeof body.allowed === 'boolean';
}

function isReservation(value: unknown): value is Reservation {
  const { id, state } = (value ?? {}) as { readonly id?: unknown; readonly state?: unknown };
  return typeof id === 'string' && typeof state === 'string';
}

function hasList<Name extends string>(body: unknown, name: Name): body is Record<Name, unknown[]> {
  return typeof body === 'object' && body !== null && Array.isArray((body as Record<string, unknown>)[name]);
}
