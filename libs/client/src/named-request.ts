import { randomUUID } from 'node:crypto';
import { type CheckRequest, RESERVATION_ID_PATTERN, type UsageRequest } from '@sundial/contract';
import { QuotaClientError } from './answers/quota-client-error.js';

/** A request under its operation id, which is made here where the caller gave none, and the request as JSON. */
export interface Named<Request> {
  readonly request: Request & { readonly operationId: string };
  readonly text: string;
}

/** @throws QuotaClientError for what is no JSON. */
export function named<Request extends CheckRequest>(given: Request): Named<Request> {
  if (typeof given !== 'object' || given === null) {
    throw QuotaClientError.invalidRequest({ path: '', message: 'must be an object' });
  }
  const request = { ...given, operationId: given.operationId ?? randomUUID() };
  return { request, text: json(request) };
}

/** @throws QuotaClientError for what is no JSON. */
export function json(request: object): string {
  try {
    return JSON.stringify(request);
  } catch (error) {
    const message = `cannot be written as JSON: ${(error as Error).message}`;
    throw QuotaClientError.invalidRequest({ path: '', message });
  }
}

/** As a path with its query. An attribute that is `undefined` is left out, as `check` leaves it out. */
export function usagePath({ resource, subject }: UsageRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of [['resource', resource], ...Object.entries<unknown>(subject)] as const) {
    if (value === undefined) continue;
    if (typeof value !== 'string')
      throw QuotaClientError.invalidRequest({ path: name, message: 'must be a string' });
    // A query would carry U+FFFD in its place, and so ask for another subject.
    if (/\p{Surrogate}/u.test(value))
      throw QuotaClientError.invalidRequest({ path: name, message: 'is not well-formed Unicode' });
    query.append(name, value);
  }
  return `usage?${query.toString()}`;
}

/** Of a reservation. It goes into a path as it is, so it must be one: `..` would ask another route. */
export function idOf(id: unknown): string {
  if (typeof id === 'string' && RESERVATION_ID_PATTERN.test(id)) return id;
  throw QuotaClientError.reservationNotFound();
}
