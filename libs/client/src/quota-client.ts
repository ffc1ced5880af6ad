import { randomUUID } from 'node:crypto';
import {
  type CheckRequest,
  type CommitRequest,
  type Decision,
  type ExtendRequest,
  type Quota,
  type Refunded,
  type RefundRequest,
  type ReleaseRequest,
  RESERVATION_ID_PATTERN,
  type ReservationAnswer,
  type ReserveDecision,
  type ReserveRequest,
  type Returned,
  type ReturnRequest,
  type Usage,
  type UsageRequest,
} from '@sundial/contract';
import { isProblem, QuotaClientError, type Problem } from './quota-client-error.js';

const DEFAULT_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 60_000;

export interface QuotaClientOptions {
  /** Where the service is: `http(s)://host[:port]`, with a path when a proxy puts it under one. */
  readonly url: string;
  /** One of the service's check keys; not needed where it runs without keys. */
  readonly key?: string;
  /** How long to wait for a whole answer: 1 to 60 000 ms, default 1 000. */
  readonly timeoutMs?: number;
  /**
   * Instead of the global `fetch`, e.g. one with its own connection pool or tracing. The global one is looked up at each
   * call, so that an interceptor that is installed later (tracing, a test's mock) sees the calls too.
   */
  readonly fetch?: typeof fetch;
}

/**
 * Sundial over HTTP: the same verbs as the engine, asked of a service.
 *
 * Every check goes out under an operation id (made here when the caller gave none), so a check whose answer was lost
 * can be asked again under the same id and counts once. A call is one attempt: it answers, or rejects with a
 * `QuotaClientError` within `timeoutMs`. Connections are kept alive by `fetch`; there is nothing to close.
 */
export class QuotaClient implements Quota {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;

  /** @throws TypeError for an option that can never work; no connection is made yet. */
  constructor({ url, key, timeoutMs = DEFAULT_TIMEOUT_MS, fetch: send }: QuotaClientOptions) {
    this.#base = baseUrl(url);
    this.#headers = { accept: 'application/json', ...(key !== undefined && authorization(key)) };
    if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
      throw new TypeError(`timeoutMs must be 1 to ${MAX_TIMEOUT_MS}, not ${timeoutMs}.`);
    }
    this.#timeoutMs = timeoutMs;
    this.#fetch = (input, init) => (send ?? fetch)(input, init);
  }

  /** Asks and counts. A refusal is an answer. */
  async check(request: CheckRequest): Promise<Decision> {
    return this.#post('check', named(request), isDecision);
  }

  /**
   * Up to 1 000 checks in one request, each decided on its own, answered in order. A check that could not be decided
   * (its operation id was used for something else) has its error in its place. Bad input fails the whole batch. An empty list is
   * answered with an empty list, and the service is not asked.
   */
  async checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | QuotaClientError)[]> {
    if (!Array.isArray(requests)) throw QuotaClientError.invalidRequest('checks', 'must be a list of checks');
    if (requests.length === 0) return [];
    const isBatch = (body: unknown): body is { decisions: BatchEntry[] } =>
      hasList(body, 'decisions') &&
      body.decisions.length === requests.length &&
      body.decisions.every((entry) => isDecision(entry) || isUndecided(entry));
    const { decisions } = await this.#post('check/batch', { checks: requests.map(named) }, isBatch);
    return decisions.map((entry) => ('error' in entry ? QuotaClientError.fromProblem(entry.error) : entry));
  }

  /** Asks and holds. A refusal is an answer. */
  async reserve(request: ReserveRequest): Promise<ReserveDecision> {
    return this.#post('reservations', named(request), isReserveDecision);
  }

  /** Counts what was really used; nothing named: what is held. May be repeated. */
  async commit(id: string, request: CommitRequest = {}): Promise<ReservationAnswer> {
    return this.#post(`${reservationPath(id)}/commit`, request, isReservationAnswer);
  }

  /** Gives everything back. May be repeated. */
  async release(id: string, request: ReleaseRequest = {}): Promise<ReservationAnswer> {
    return this.#post(`${reservationPath(id)}/release`, request, isReservationAnswer);
  }

  /** Holds it for longer, or more. A refusal is an answer. */
  async extend(id: string, request: ExtendRequest): Promise<ReserveDecision> {
    return this.#post(`${reservationPath(id)}/extend`, request, isReserveDecision);
  }

  async reservation(id: string): Promise<ReservationAnswer> {
    return this.#get(new URL(reservationPath(id), this.#base), isReservationAnswer);
  }

  async refund(request: RefundRequest): Promise<Refunded> {
    return this.#post('refunds', request, isRefunded);
  }

  async returnUnits(request: ReturnRequest): Promise<Returned> {
    return this.#post('returns', request, isReturned);
  }

  /** Looks and counts nothing. An attribute that is `undefined` is left out, as `check` leaves it out. */
  async usage({ resource, subject }: UsageRequest): Promise<Usage> {
    const url = new URL('usage', this.#base);
    for (const [name, value] of [['resource', resource], ...Object.entries<unknown>(subject)] as const) {
      if (value === undefined) continue;
      if (typeof value !== 'string') throw QuotaClientError.invalidRequest(name, 'must be a string');
      // A query would carry U+FFFD in its place, and so ask for another subject.
      if (/\p{Surrogate}/u.test(value))
        throw QuotaClientError.invalidRequest(name, 'is not well-formed Unicode');
      url.searchParams.append(name, value);
    }
    return this.#get(url, isUsage);
  }

  #get<T>(url: URL, isExpected: (body: unknown) => body is T): Promise<T> {
    return this.#attempt(url, { method: 'GET', headers: this.#headers }, isExpected);
  }

  #post<T>(path: string, content: unknown, isExpected: (body: unknown) => body is T): Promise<T> {
    const headers = { ...this.#headers, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(content) };
    return this.#attempt(new URL(path, this.#base), init, isExpected);
  }

  /** One request, answered whole within the time-out, or an error. */
  async #attempt<T>(url: URL, init: RequestInit, isExpected: (body: unknown) => body is T): Promise<T> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    let response: Response;
    let text: string;
    try {
      // Following a redirect would turn a POST into a GET, or hand the key to another host.
      response = await this.#fetch(url, { ...init, redirect: 'manual', signal });
      text = await response.text();
    } catch (cause) {
      const why = signal.aborted ? `no answer within ${this.#timeoutMs} ms` : reasonOf(cause);
      throw QuotaClientError.unreachable(url, why, cause);
    }
    const body = parse(text);
    if (response.status === 200 && isExpected(body)) return body;
    throw errorOf(url, response, body);
  }
}

function errorOf(url: URL, { status, headers }: Response, body: unknown): QuotaClientError {
  if (status >= 400 && isProblem(body)) {
    const requestId = headers.get('x-request-id') ?? undefined;
    return QuotaClientError.fromProblem({ ...(requestId && { requestId }), ...body, status });
  }
  const type = headers.get('content-type') ?? 'no content type';
  const what = body === NOT_JSON ? `${type}, not JSON` : 'JSON of another shape';
  return QuotaClientError.unexpected(url, status, what);
}

const NOT_JSON = Symbol('not JSON');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

/** An id goes into the path as it is, so it must be one: `..` would ask another route. @throws QuotaClientError `reservation-not-found` */
function reservationPath(id: string): string {
  if (typeof id !== 'string' || !RESERVATION_ID_PATTERN.test(id))
    throw QuotaClientError.reservationNotFound();
  return `reservations/${id}`;
}

function named<Request extends CheckRequest>(request: Request): Request & { readonly operationId: string } {
  return { ...request, operationId: request.operationId ?? randomUUID() };
}

function isDecision(body: unknown): body is Decision {
  return hasList(body, 'limits') && 'allowed' in body && typeof body.allowed === 'boolean';
}

function isReserveDecision(body: unknown): body is ReserveDecision {
  if (!isDecision(body) || !('reservation' in body)) return false;
  return body.reservation === null || isReservation(body.reservation);
}

function isReservationAnswer(body: unknown): body is ReservationAnswer {
  return hasList(body, 'limits') && 'reservation' in body && isReservation(body.reservation);
}

function isReservation(value: unknown): boolean {
  const { id, state } = (value ?? {}) as { readonly id?: unknown; readonly state?: unknown };
  return typeof id === 'string' && typeof state === 'string';
}

function isRefunded(body: unknown): body is Refunded {
  return typeof body === 'object' && body !== null && 'refunded' in body && body.refunded === true;
}

function isReturned(body: unknown): body is Returned {
  return hasList(body, 'limits') && 'returned' in body && body.returned === true;
}

/** A check of a batch that could not be decided, in its place. */
interface Undecided {
  readonly error: Problem;
}

type BatchEntry = Decision | Undecided;

function isUndecided(entry: unknown): entry is Undecided {
  return typeof entry === 'object' && entry !== null && 'error' in entry && isProblem(entry.error);
}

function isUsage(body: unknown): body is Usage {
  return hasList(body, 'limits');
}

function hasList<Name extends string>(body: unknown, name: Name): body is Record<Name, unknown[]> {
  return typeof body === 'object' && body !== null && Array.isArray((body as Record<string, unknown>)[name]);
}

/** `fetch failed` says nothing; what the system said is its cause. */
function reasonOf(error: unknown): string {
  const { cause, message, code } = (error ?? {}) as { cause?: unknown; message?: string; code?: string };
  return cause ? reasonOf(cause) : message || code || String(error);
}

function baseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new TypeError(`url must be like http://sundial:3000, not "${text}".`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`url must begin with http:// or https://, not ${url.protocol}//.`);
  }
  if (url.username || url.password) throw new TypeError('url must hold no user name or password: use key.');
  if (url.search || url.hash) throw new TypeError('url must have neither a query nor a fragment.');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function authorization(key: string): { readonly authorization: string } {
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new TypeError('key must be printable ASCII characters without spaces.');
  return { authorization: `Bearer ${key}` };
}
