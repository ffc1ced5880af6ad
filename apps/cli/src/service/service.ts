import { CliError } from '../terminal/cli-error.js';
import type { ServiceAccess } from './service-access.js';

/** An operator waits no longer than this for one answer. */
const TIMEOUT_MS = 10_000;

/** Whose key a request carries. */
export type As = 'admin' | 'caller';

interface ProblemBody {
  readonly code: string;
  readonly detail?: string;
  readonly title?: string;
}

/** A running service over HTTP, as an operator asks it: every failure is a sentence that says what to do. */
export class Service {
  #skewMs = 0;

  constructor(readonly access: ServiceAccess) {}

  /** How far the clock of the service is ahead of this machine's, to a second, as its last answer said. */
  get skewMs(): number {
    return this.#skewMs;
  }

  get<T>(path: string, as: As = 'admin'): Promise<T> {
    return this.ask('GET', path, undefined, as);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.ask('PUT', path, body, 'admin');
  }

  post<T>(path: string, body: unknown, as: As = 'admin'): Promise<T> {
    return this.ask('POST', path, body, as);
  }

  delete<T>(path: string): Promise<T> {
    return this.ask('DELETE', path, undefined, 'admin');
  }

  /** @throws CliError where it does not answer, refuses, or is no Sundial service. */
  private async ask<T>(method: string, path: string, body: unknown, as: As): Promise<T> {
    const { url, adminKey, checkKey } = this.access;
    const key = as === 'admin' ? adminKey : checkKey;
    const headers = {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new CliError(`${url} can't be reached: ${reasonOf(error)}. Is the address right, does it run?`);
    });
    this.#learnClock(response);
    const text = await response.text().catch((error: unknown) => {
      throw new CliError(`${url} stopped in the middle of its answer: ${reasonOf(error)}.`);
    });
    const answer = parse(text);
    if (response.ok && isObject(answer)) return answer as T;
    throw isProblem(answer) ? refusal(method, path, answer, as) : strange(url, path, response);
  }

  #learnClock({ headers }: Response): void {
    const at = Date.parse(headers.get('date') ?? '');
    if (!Number.isNaN(at)) this.#skewMs = at - Date.now();
  }
}

const KEY_CODES = new Set(['missing-key', 'wrong-key', 'key-not-allowed']);

function refusal(method: string, path: string, { code, detail, title }: ProblemBody, as: As): CliError {
  const sentence = detail ?? title ?? code;
  if (!KEY_CODES.has(code)) return new CliError(`${method} ${path}: ${sentence} (${code})`, code);
  const what = as === 'admin' ? 'an admin key: set SUNDIAL_ADMIN_KEY' : 'a check key: set SUNDIAL_CHECK_KEY';
  return new CliError(`The service refused ${method} ${path} (${code}). It needs ${what}.`, code);
}

function strange(url: string, path: string, { status, headers }: Response): CliError {
  const type = headers.get('content-type') ?? 'no content type';
  return new CliError(`${url}${path} answered ${status} with ${type}: is it a Sundial service?`);
}

/** `fetch failed` says nothing; what the system said is its cause. */
function reasonOf(error: unknown): string {
  const { cause, message, name, code } = (error ?? {}) as Record<string, unknown>;
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1_000} s`;
  if (cause) return reasonOf(cause);
  return (
    [message, code].find((text): text is string => typeof text === 'string' && text !== '') ?? String(error)
  );
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
