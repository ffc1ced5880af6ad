import { CliError } from '../terminal/cli-error.js';

/** An operator waits no longer than this for one answer. */
const TIMEOUT_MS = 10_000;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
}

interface AskOptions extends Asked {
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One request and its whole answer. @throws CliError where none arrives in time. */
export async function ask(
  url: string,
  options: AskOptions,
): Promise<{ readonly response: Response; readonly text: string }> {
  const response = await send(url, options);
  const text = await response.text().catch((error: unknown) => {
    throw new CliError(`${url} stopped in the middle of its answer: ${reasonOf(error, options.timeoutMs)}.`);
  });
  return { response, text };
}

/** A long answer, as it arrives. @throws CliError where it does not, or stops in the middle. */
export async function* bodyOf(url: string, { body }: Response): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body;
  } catch (error) {
    throw new CliError(`${url} stopped in the middle of its answer: ${reasonOf(error)}. Try it again.`);
  }
}

/** One request, and the answer of which the head has arrived. */
export async function send(
  url: string,
  { method, path, body, headers, timeoutMs = TIMEOUT_MS, key, signal }: AskOptions,
): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  return fetch(`${url}${path}`, {
    method,
    headers: {
      accept: 'application/json, application/x-ndjson;q=0.9, */*;q=0.1',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    redirect: 'manual',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    ...(body !== undefined && { body }),
  }).catch((error: unknown) => {
    const why = reasonOf(error, timeoutMs);
    throw new CliError(`${url} can't be reached: ${why}. Is the address right, does it run?`);
  });
}

/** `fetch failed` says nothing; what the system said is its cause. */
function reasonOf(error: unknown, timeoutMs = TIMEOUT_MS): string {
  const { cause, message, name, code } = (error ?? {}) as Record<string, unknown>;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`;
  if (cause) return reasonOf(cause, timeoutMs);
  return (
    [message, code].find((text): text is string => typeof text === 'string' && text !== '') ?? String(error)
  );
}
