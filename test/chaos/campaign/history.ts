import type { Decision } from '@sundial/contract';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Operation } from './load.js';

/** What a node said to a caller, or that it said nothing. */
export type Answer =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** An HTTP status that is no 200. */
  | { readonly kind: 'failed'; readonly status: number }
  /** The connection broke, or the caller's patience ended: nobody knows whether it was counted. */
  | { readonly kind: 'unanswered'; readonly why: string };

/** One try of an operation at one node, as its caller saw it. Times are of the monotonic clock. */
export interface Telling {
  readonly operation: Operation;
  readonly node: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly answer: Answer;
}

/** All that callers were told, in the order in which they were told it. It only grows; a copy goes to a file, a line each. */
export class History {
  readonly #tellings: Telling[] = [];

  constructor(private readonly copy?: HistoryFile) {}

  note(telling: Telling): void {
    this.#tellings.push(telling);
    this.copy?.append(telling);
  }

  get tellings(): readonly Telling[] {
    return this.#tellings;
  }
}

/** Where the histories of a campaign are kept, as newline-delimited JSON. */
export class HistoryFile {
  readonly #stream: WriteStream;

  constructor(readonly path: string) {
    this.#stream = createWriteStream(path, { flags: 'a' });
  }

  append({ operation, node, sentAt, endedAt, answer }: Telling): void {
    const [sentAtMs, endedAtMs] = [sentAt, endedAt].map((at) => Number(at.toFixed(1)));
    const line = { sentAtMs, endedAtMs, node, ...operation, ...briefly(answer) };
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}

/** Of a decision, what the books depend on. */
function briefly(answer: Answer): object {
  if (answer.kind !== 'decided') return answer;
  const { allowed, replayed, reason, degraded, limits } = answer.decision;
  const counted = limits.map(({ rule, window, startsAt, used }) => `${rule} ${window} ${startsAt} ${used}`);
  return { allowed, replayed, reason, degraded, limits: counted };
}
