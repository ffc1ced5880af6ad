import type { MessagePort, Worker } from 'node:worker_threads';
import { LedgerCursorError, LedgerUnavailableError } from '../contract/ledger-errors.js';

interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

type Answer =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: SentError };

interface SentError {
  readonly name: string;
  readonly message: string;
  /** The database's own. */
  readonly code?: string;
}

/** What a thread says without being asked. */
interface Notice {
  readonly notice: unknown;
}

/** The methods of a thread, called by name. */
type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The caller's end: calls a thread and waits for its answers. A thread that owes none does not keep the process alive. */
export class ThreadCalls {
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #last = 0;
  #ended: Error | undefined;

  constructor(
    private readonly worker: Worker,
    noticed: (notice: unknown) => void = () => undefined,
  ) {
    worker.on('message', (message: Answer | Notice) => {
      if ('notice' in message) noticed(message.notice);
      else this.#answer(message);
    });
    worker.on('error', (error) => this.#end(error));
    worker.on('exit', () => this.#end(new Error('it ended')));
  }

  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.#call(method, args, []);
  }

  /** Hands over bytes that are the caller's no more, without copying them. */
  hand<T>(method: string, arg: unknown, bytes: readonly ArrayBuffer[]): Promise<T> {
    return this.#call(method, [arg], bytes);
  }

  #call<T>(method: string, args: readonly unknown[], handed: readonly ArrayBuffer[]): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#last += 1;
    const id = this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.worker.ref();
      this.worker.postMessage({ id, method, args } satisfies Call, handed);
    });
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.worker.unref();
    if ('error' in answer) waiting?.reject(errorOf(answer.error));
    else waiting?.resolve(answer.result);
  }

  #end(cause: Error): void {
    this.#ended ??= new LedgerUnavailableError(`The thread of the ledger is gone: ${cause.message}.`, {
      cause,
    });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** The thread's end: answers each call, as soon as its method does. */
export function answerCalls(port: MessagePort, methods: Methods): void {
  port.on('message', ({ id, method, args }: Call) => {
    void (async () => {
      try {
        port.postMessage({ id, result: await methods[method]!(...(args as never[])) } satisfies Answer);
      } catch (error) {
        port.postMessage({ id, error: sentError(error) } satisfies Answer);
      }
    })();
  });
}

const ERRORS: Readonly<Record<string, (message: string) => Error>> = {
  LedgerCursorError: (message) => new LedgerCursorError(message),
  LedgerUnavailableError: (message) => new LedgerUnavailableError(message),
  RangeError: (message) => new RangeError(message),
  TypeError: (message) => new TypeError(message),
};

function errorOf({ name, message, code }: SentError): Error {
  return ERRORS[name]?.(message) ?? Object.assign(new Error(message), code !== undefined && { code });
}

function sentError(error: unknown): SentError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const { code } = error as { readonly code?: unknown };
  return { name, message, ...(typeof code === 'string' && { code }) };
}
