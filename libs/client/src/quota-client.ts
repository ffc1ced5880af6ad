import { randomUUID } from 'node:crypto';
import type { CheckRequest, Decision, Quota, Usage, UsageRequest } from '@sundial/contract';
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
    return this.#attempt(url, { method: 'GET', headers: this.#headers }, isUsage);
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

function named(request: CheckRequest): CheckRequest {
  return { ...request, operationId: request.operationId ?? randomUUID() };
}

function isDecision(body: unknown): body is Decision {
  return hasList(body, 'limits') && 'allowed' in body && typeof body.allowed === 'boolean';
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
