import { failure, type Failure, type Outcome } from '../answers/outcome.js';
import { isProblem, mayHelp, QuotaClientError } from '../answers/quota-client-error.js';
import type { Read } from '../answers/shapes.js';
import { boundedText } from './bounded-text.js';
import { beginSending, endSending, REQUEST_ID_HEADER, type Sending } from './sent-requests.js';

/** What a call asks, the same at every endpoint. */
export interface Asked<T> {
  readonly method: 'GET' | 'POST';
  /** Relative to the endpoint's base. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  readonly read: Read<T>;
  /** What it is about, where that is one. */
  readonly resource?: string | undefined;
  /** Of the trace that the call belongs to, where that is not the one that is active when it goes out. */
  readonly traceHeaders?: TraceHeaders | undefined;
}

export type TraceHeaders = Readonly<Record<string, string>>;

export interface ExchangeOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** One HTTP request, answered whole within its time. It never rejects, whatever `fetch` does with its signal. */
export function exchange<T>(url: URL, asked: Asked<T>, options: ExchangeOptions): Promise<Outcome<T>> {
  const { timeoutMs } = options;
  const sending = beginSending();
  const abort = new AbortController();
  return new Promise((resolve) => {
    const end = (outcome: Outcome<T>) => {
      clearTimeout(timer);
      endSending(sending);
      resolve(outcome);
    };
    const expire = () => {
      end(
        failure(
          'timeout',
          isSent(sending),
          `${url.origin} gave no whole answer within ${Math.round(timeoutMs)} ms`,
        ),
      );
      abort.abort();
    };
    // Where the event loop was busy, the answer may wait in the socket already: it is read first.
    const timer = setTimeout(() => setImmediate(() => setImmediate(expire)), timeoutMs);
    request(url, asked, options, sending, abort.signal).then(end, (error: unknown) => {
      end(failed(url, sending, error));
    });
  });
}

async function request<T>(
  url: URL,
  { method, body, read }: Asked<T>,
  { fetch: send, headers: own }: ExchangeOptions,
  { requestId }: Sending,
  signal: AbortSignal,
): Promise<Outcome<T>> {
  const headers = {
    ...own,
    [REQUEST_ID_HEADER]: requestId,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  // Following a redirect would turn a POST into a GET, or hand the key to another host.
  const init = { method, headers, redirect: 'manual', signal, ...(body !== undefined && { body }) } as const;
  const response = await send(url, init);
  const text = await boundedText(response);
  if (text === null) return broken(url, response, 'more than 4 MiB');
  const content = parse(text);
  const answer = response.status === 200 && content !== NOT_JSON ? read(content) : undefined;
  return answer === undefined ? unusable(url, response, content) : { kind: 'answered', answer };
}

/** What answered is no decision: the service's own word against the caller, its trouble, or another program's. */
function unusable(url: URL, response: Response, body: unknown): Outcome<never> {
  const { status, headers } = response;
  const problem = status >= 400 && isProblem(body) ? body : undefined;
  const requestId = problem?.requestId ?? headers.get(REQUEST_ID_HEADER) ?? undefined;
  if (problem && !mayHelp(status)) {
    const error = QuotaClientError.fromProblem({ ...problem, ...(requestId && { requestId }), status });
    return { kind: 'refused', error };
  }
  if (mayHelp(status)) {
    const code = problem?.code;
    const retryAfterMs = retryAfterOf(headers.get('retry-after'));
    const detail = `${url.href} answered ${status}${code ? ` ${code}` : ''}`;
    return failure('server-error', true, detail, { status, code, requestId, retryAfterMs });
  }
  const type = headers.get('content-type') ?? 'no content type';
  return broken(url, response, body === NOT_JSON ? `${type}, not JSON` : 'JSON of another shape');
}

function broken(url: URL, { status, headers }: Response, what: string): Failure {
  const requestId = headers.get(REQUEST_ID_HEADER) ?? undefined;
  const detail = `${url.href} answered ${status} with ${what}: is it a Sundial service?`;
  return failure('broken-answer', true, detail, { status, requestId });
}

/** Of connections that were never made; what else fails may have sent the request. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Of a certificate that was refused, before any byte of a request. */
const UNTRUSTED = /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECRYPT)_)/;
/** Of zlib, of the HTTP parser, and of bodies that are not as long as they were said to be. */
const BROKEN = /^(Z_|HPE_|UND_ERR_(RES_|HEADERS_OVERFLOW|RESPONSE|REQ_CONTENT))/;

function failed(url: URL, sending: Sending, error: unknown): Failure {
  const { code, message } = reasonOf(error);
  const sent = isSent(sending) && !NOT_CONNECTED.has(code) && !UNTRUSTED.test(code);
  const cause = !sent ? 'no-connection' : BROKEN.test(code) ? 'broken-answer' : 'connection-lost';
  return failure(cause, sent, `${url.origin} could not be asked: ${message}`);
}

function isSent({ seen, sent }: Sending): boolean {
  return sent || !seen;
}

/** `fetch failed` says nothing; what the system said is its cause. */
function reasonOf(error: unknown): { readonly code: string; readonly message: string } {
  const { cause, message, code } = (error ?? {}) as { cause?: unknown; message?: unknown; code?: unknown };
  if (cause) return reasonOf(cause);
  const known = typeof code === 'string' ? code : '';
  return { code: known, message: (typeof message === 'string' && message) || known || String(error) };
}

/** Seconds; its other form, a date, depends on clocks and is not read. */
function retryAfterOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : undefined;
}

const NOT_JSON = Symbol('not JSON');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}
