import type { Schemas } from './types.ts';

/** An error of the service (RFC 9457), or of the way to it. */
export class ApiError extends Error {
  readonly problem: Schemas['Problem'];

  constructor(problem: Schemas['Problem']) {
    super(problem.detail);
    this.problem = problem;
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
  /** Asked for by the page itself, every few seconds: keeps no session alive. */
  readonly isBackground?: boolean;
  readonly signal?: AbortSignal;
}

export interface Answer<T> {
  readonly data: T;
  readonly etag: string | undefined;
}

/** Asks the service that this page came from, under whatever base path. @throws ApiError */
export async function call<T>(path: string, options: Call = {}): Promise<Answer<T>> {
  const response = await send(path, options);
  const data = parsed(await response.text()) as T;
  return { data, etag: response.headers.get('etag') ?? undefined };
}

/** The answer as it stands, for what is no JSON. @throws ApiError */
export async function callText(path: string, options: Call = {}): Promise<string> {
  return (await send(path, options)).text();
}

/** The body of an answer that goes on until `signal`. It keeps no session alive. @throws ApiError */
export async function openStream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  return (await send(path, { isBackground: true, signal })).body!;
}

async function send(path: string, options: Call): Promise<Response> {
  const url = new URL(path.replace(/^\//, ''), document.baseURI.replace(/[?#].*/, ''));
  for (const [name, value] of Object.entries(options.query ?? {}))
    if (value !== undefined && value !== '') url.searchParams.set(name, value);
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    headers: headersOf(options),
    ...(options.signal && { signal: options.signal }),
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  }).catch(() => undefined);
  if (response === undefined) throw new ApiError(UNREACHABLE);
  if (!response.ok) throw new ApiError(problemOf(response, parsed(await response.text())));
  return response;
}

function headersOf({ body, ifMatch, isBackground }: Call): Record<string, string> {
  return {
    'x-sundial-csrf': '1',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    ...(isBackground && { 'x-sundial-background': '1' }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ status, statusText }: Response, data: unknown): Schemas['Problem'] {
  if (typeof data === 'object' && data !== null && 'code' in data) return data as Schemas['Problem'];
  const title = `${status} ${statusText}`;
  return { type: 'about:blank', title, status, detail: title, code: 'unknown' };
}

const UNREACHABLE: Schemas['Problem'] = {
  type: 'about:blank',
  title: 'Sundial does not answer',
  status: 0,
  detail: '',
  code: 'unreachable',
};
