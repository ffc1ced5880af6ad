import { type InputError } from '@sundial/contract';
import { CliError } from '../terminal/cli-error.js';
import { ask, type Asked, bodyOf, send } from './ask.js';
import type { ServiceAccess } from './service-access.js';

/** Of an export, however slow the line. */
const DOWNLOAD_TIMEOUT_MS = 60 * 60_000;

/** Whose key a request carries. */
export type As = 'admin' | 'caller';

interface ProblemBody {
  readonly code: string;
  readonly status?: number;
  readonly detail?: string;
  readonly title?: string;
  readonly errors?: readonly InputError[];
}

interface WriteOptions {
  /** Only if what is written is still at this version. */
  readonly ifMatch?: number;
  /** A large write takes longer than an operator waits for an answer otherwise. */
  readonly timeoutMs?: number;
}

/** What a list answers; `next` is there while more follows. */
export interface Page {
  readonly next?: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** A running service over HTTP, as an operator asks it: every failure is a sentence that says what to do. */
export class Service {
  #skewMs = 0;

  /** @param signal ends the requests of a command that an interruption can end at once. */
  constructor(
    readonly access: ServiceAccess,
    private readonly signal?: AbortSignal,
  ) {}

  /** How far the clock of the service is ahead of this machine's, to a second, as its last answer said. */
  get skewMs(): number {
    return this.#skewMs;
  }

  get<T>(path: string, as: As = 'admin'): Promise<T> {
    return this.#json({ method: 'GET', path }, as);
  }

  put<T>(path: string, body: unknown, { ifMatch, timeoutMs }: WriteOptions = {}): Promise<T> {
    const headers = ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` };
    return this.#json({ method: 'PUT', path, body: JSON.stringify(body), headers, timeoutMs });
  }

  post<T>(path: string, body: unknown, as: As = 'admin'): Promise<T> {
    return this.#json({ method: 'POST', path, body: JSON.stringify(body) }, as);
  }

  delete<T>(path: string): Promise<T> {
    return this.#json({ method: 'DELETE', path });
  }

  /** Lines of JSON. */
  postLines<T>(path: string, body: string, timeoutMs: number): Promise<T> {
    const headers = { 'content-type': 'application/x-ndjson' };
    return this.#json({ method: 'POST', path, body, headers, timeoutMs });
  }

  /** An answer that is no JSON, such as metrics. */
  async text(path: string, as: As = 'admin'): Promise<string> {
    const asked = { method: 'GET', path };
    const { response, text } = await this.#ask(asked, as);
    if (response.ok) return text;
    throw this.#failure(asked, response, parse(text), as);
  }

  /** An answer that may be longer than memory, as it arrives. */
  async *download(path: string): AsyncGenerator<Uint8Array> {
    const { url, adminKey: key } = this.access;
    const asked = { method: 'GET', path };
    const response = await send(url, { ...asked, key, signal: this.signal, timeoutMs: DOWNLOAD_TIMEOUT_MS });
    if (!response.ok) throw this.#failure(asked, response, parse(await response.text()), 'admin');
    yield* bodyOf(url, response);
  }

  /** Every page of a list, until there is none, or the caller has enough. */
  async *pages<T extends Page>(path: string, query: Query = {}): AsyncGenerator<T> {
    let cursor: string | undefined;
    do {
      const page: T = await this.get<T>(`${path}${queryOf({ ...query, cursor })}`);
      yield page;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  async #json<T>(asked: Asked, as: As = 'admin'): Promise<T> {
    const { response, text } = await this.#ask(asked, as);
    const answer = parse(text);
    if (response.ok && isObject(answer)) return answer as T;
    throw this.#failure(asked, response, answer, as);
  }

  async #ask(asked: Asked, as: As) {
    const { url, adminKey, checkKey } = this.access;
    const key = as === 'admin' ? adminKey : checkKey;
    const answer = await ask(url, { ...asked, key, signal: this.signal });
    const at = Date.parse(answer.response.headers.get('date') ?? '');
    if (!Number.isNaN(at)) this.#skewMs = at - Date.now();
    return answer;
  }

  #failure({ method, path }: Asked, response: Response, answer: unknown, as: As): CliError {
    const [bare = path] = path.split('?');
    const { status, headers } = response;
    if (isProblem(answer)) return refusal(`${method} ${bare}`, status, answer, as);
    const type = headers.get('content-type') ?? 'no content type';
    return new CliError(
      `${this.access.url}${bare} answered ${status} with ${type}: is it a Sundial service?`,
    );
  }
}

/** `?a=b`, without what is undefined; nothing where all is. */
export function queryOf(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

const KEY_CODES = new Set(['missing-key', 'wrong-key', 'key-not-allowed']);

function refusal(what: string, status: number, problem: ProblemBody, as: As): CliError {
  const { code, detail, title, errors = [] } = problem;
  const parts = { code, status, errors };
  if (KEY_CODES.has(code)) {
    const key =
      as === 'admin'
        ? 'an admin key: set SUNDIAL_KEY, or give --key-file'
        : 'a check key: set SUNDIAL_CHECK_KEY or SUNDIAL_KEY';
    return new CliError(`The service refused ${what} (${code}). It needs ${key}.`, parts);
  }
  if (code === 'not-found') {
    const sentence = `The service has no ${what}: it is older than this command, or the address is not its own.`;
    return new CliError(sentence, parts);
  }
  const lines = errors.map(({ path, message }) => `\n  ${path || 'body'}: ${message}`);
  const sentence =
    errors.length > 0
      ? `${title ?? code} (${code})${lines.join('')}`
      : `${detail ?? title ?? code} (${code})`;
  return new CliError(`${what}: ${sentence}`, parts);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isProblem(value: unknown): value is ProblemBody {
  return isObject(value) && 'code' in value && typeof value.code === 'string';
}
