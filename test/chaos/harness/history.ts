import type { Decision, Reservation } from '@sundial/contract';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Written } from './admin/admin-write.js';
import { bodyOf, type Asking } from './reservations/ending.js';
import type { Operation } from './workload.js';

/** A check's decision, or a reserve's. */
export type Decided = Decision & { readonly reservation?: Reservation | null };

/** What a node answered a caller, or that it answered nothing. */
export type Answer =
  | { readonly kind: 'decided'; readonly decision: Decided }
  /** An HTTP status that is no 200. */
  | { readonly kind: 'failed'; readonly status: number; readonly code?: string | undefined }
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

/** When the store lost data that it had acknowledged. Monotonic. */
export interface Loss {
  readonly from: number;
  readonly to: number;
}

/** All answers to callers, in the order in which they came. It only grows; a copy goes to a file, a line each. */
export class History {
  readonly #attempts: Attempt[] = [];
  readonly #endings: Asking[] = [];
  readonly #writes: Written[] = [];
  loss: Loss | undefined;

  constructor(private readonly copy?: HistoryFile) {}

  note(attempt: Attempt): void {
    this.#attempts.push(attempt);
    this.copy?.append(attempt);
  }

  /** What was asked of an operation that was decided. */
  noteEnding(asking: Asking): void {
    this.#endings.push(asking);
    this.copy?.appendEnding(asking);
  }

  /** What an operator did meanwhile. */
  noteWrite(written: Written): void {
    this.#writes.push(written);
    this.copy?.appendWrite(written);
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  get endings(): readonly Asking[] {
    return this.#endings;
  }

  get writes(): readonly Written[] {
    return this.#writes;
  }
}

/** Where the histories of a campaign are kept, as newline-delimited JSON. */
export class HistoryFile {
  readonly #stream: WriteStream;

  constructor(readonly path: string) {
    this.#stream = createWriteStream(path, { flags: 'a' });
  }

  append({ operation, answer, ...when }: Attempt): void {
    this.#write({ ...timesOf(when), ...operation, ...briefly(answer) });
  }

  appendEnding({ ending, operation, answer, ...when }: Asking): void {
    const { operationId } = operation;
    this.#write({ ...timesOf(when), operationId, verb: ending.verb, ...bodyOf(ending), ...answer });
  }

  appendWrite({ write, answer, ...when }: Written): void {
    this.#write({ ...timesOf(when), ...write, ...answer });
  }

  #write(line: object): void {
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}

function timesOf({ sentAt, endedAt, node }: Pick<Attempt, 'sentAt' | 'endedAt' | 'node'>): object {
  const [sentAtMs, endedAtMs] = [sentAt, endedAt].map((at) => Number(at.toFixed(1)));
  return { sentAtMs, endedAtMs, node };
}

/** Of a decision, what the expected counters depend on. */
function briefly(answer: Answer): object {
  if (answer.kind !== 'decided') return answer;
  const { allowed, replayed, reason, degraded, limits, packs, reservation } = answer.decision;
  const counted = limits.map(
    ({ rule, window, meter, startsAt, used }) =>
      `${rule} ${JSON.stringify(window)} ${meter} ${startsAt} ${used}`,
  );
  const held = reservation && {
    ...{ state: reservation.state, expiresAt: reservation.expiresAt, packs: reservation.packs },
  };
  return { allowed, replayed, reason, degraded, limits: counted, packs, reservation: held };
}

export function decisionOf({ answer }: Pick<Attempt, 'answer'>): Decided | undefined {
  return answer.kind === 'decided' ? answer.decision : undefined;
}

/** What belongs to each operation, in order. */
export function byOperation<T extends Pick<Attempt, 'operation'>>(all: readonly T[]): Map<string, T[]> {
  const operations = new Map<string, T[]>();
  for (const one of all) {
    const { operationId } = one.operation;
    const its = operations.get(operationId);
    if (its) its.push(one);
    else operations.set(operationId, [one]);
  }
  return operations;
}
