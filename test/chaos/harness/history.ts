import type { Decision } from '@sundial/contract';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Operation } from './workload.js';

/** What a node answered a caller, or that it answered nothing. */
export type Answer =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** An HTTP status that is no 200. */
  | { readonly kind: 'failed'; readonly status: number }
  /** The connection broke, or the caller's patience ended: it may have been counted or not. */
  | { readonly kind: 'unanswered'; readonly why: string };

/** One attempt at an operation, at one node, as its caller saw it. Times are of the monotonic clock. */
export interface Attempt {
  readonly operation: Operation;
  readonly node: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly answer: Answer;
}

/** All answers to callers, in the order in which they came. It only grows; a copy goes to a file, a line each. */
export class History {
  readonly #attempts: Attempt[] = [];

  constructor(private readonly copy?: HistoryFile) {}

  note(attempt: Attempt): void {
    this.#attempts.push(attempt);
    this.copy?.append(attempt);
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }
}

/** Where the histories of a campaign are kept, as newline-delimited JSON. */
export class HistoryFile {
  readonly #stream: WriteStream;

  constructor(readonly path: string) {
    this.#stream = createWriteStream(path, { flags: 'a' });
  }

  append({ operation, node, sentAt, endedAt, answer }: Attempt): void {
    const [sentAtMs, endedAtMs] = [sentAt, endedAt].map((at) => Number(at.toFixed(1)));
    const line = { sentAtMs, endedAtMs, node, ...operation, ...briefly(answer) };
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}

/** Of a decision, what the expected counters depend on. */
function briefly(answer: Answer): object {
  if (answer.kind !== 'decided') return answer;
  const { allowed, replayed, reason, degraded, limits } = answer.decision;
  const counted = limits.map(
    ({ rule, window, meter, startsAt, used }) =>
      `${rule} ${JSON.stringify(window)} ${meter} ${startsAt} ${used}`,
  );
  return { allowed, replayed, reason, degraded, limits: counted };
}
