import type { Decision } from '@sundial/contract';
import { failure, type Outcome } from '../answers/outcome.js';
import { mayHelp, QuotaClientError } from '../answers/quota-client-error.js';
import { type BatchEntry, isUndecided, readBatch, readDecision } from '../answers/shapes.js';
import type { Asked } from '../attempts/exchange.js';
import { CheckQueue } from './check-queue.js';
import type { WaitingCheck } from './waiting-check.js';

/** Requests under way at once; what comes meanwhile waits for an answer, and shares the next one. */
const MAX_REQUESTS = 4;
/** One that has no answer for so long makes the others wait no longer: it may be about a resource that alone is in trouble. */
const PATIENCE_MS = 30;
/** Of these, at once. */
const MAX_SLOW = 12;
/** Beyond it a check is decided by the fallback at once. */
const MAX_WAITING = 50_000;

/** Asks the service, within a deadline on the monotonic clock; it never rejects. */
export type Ask = <T>(asked: Asked<T>, deadline: number) => Promise<Outcome<T>>;

/**
 * Checks that are asked for in one turn of the event loop, or while 4 requests are under way, share one request
 * (`POST /check/batch`), so a connection carries many more of them. One that finds no request under way goes out at once, with
 * those that the same code asks for.
 */
export class MergedChecks {
  readonly #ask: Ask;
  readonly #queue = new CheckQueue();
  /** Under way, those that are slow left out. */
  #requests = 0;
  #slow = 0;
  #isTurnPlanned = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer is due. */
  #watchedFor = Infinity;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Answered by its `dueAt`. */
  check(check: Omit<WaitingCheck, 'resolve' | 'isAlone'>): Promise<Outcome<Decision>> {
    if (this.#queue.size >= MAX_WAITING) {
      const detail = `${MAX_WAITING} checks of this client wait for their turn`;
      return Promise.resolve(failure('overloaded', false, detail));
    }
    return new Promise((resolve) => {
      this.#queue.add({ ...check, resolve, isAlone: false });
      this.#planTurn();
    });
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    const turn = () => {
      this.#isTurnPlanned = false;
      this.#send();
    };
    // With nothing under way it waits for what the same code asks for, and not for the other callers of its turn.
    if (this.#requests === 0) queueMicrotask(turn);
    else setImmediate(turn);
  }

  #send(): void {
    while (this.#requests < MAX_REQUESTS && this.#queue.size > 0) void this.#request(this.#queue.take());
    this.#watch();
  }

  /** What waits for an answer of others must not wait longer than its own deadline. */
  #watch(): void {
    const { dueAt } = this.#queue;
    if (dueAt !== undefined && dueAt >= this.#watchedFor) return;
    clearTimeout(this.#timer);
    this.#watchedFor = dueAt ?? Infinity;
    // A timer that none waits for would keep the process alive.
    if (dueAt === undefined) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, dueAt - performance.now()));
  }

  #expire(): void {
    this.#watchedFor = Infinity;
    const late = failure('timeout', false, 'the requests before it got no answer in time');
    for (const { resolve } of this.#queue.takeDue(performance.now())) resolve(late);
    this.#watch();
  }

  async #request(checks: readonly WaitingCheck[]): Promise<void> {
    const ended = this.#begin();
    const dueAt = Math.min(...checks.map((check) => check.dueAt));
    const [first] = checks;
    if (checks.length === 1 && first) first.resolve(await this.#ask(single(first), dueAt));
    else this.#share(await this.#ask(merged(checks), dueAt), checks);
    ended();
    this.#send();
  }

  #begin(): () => void {
    let isSlow = false;
    this.#requests += 1;
    const timer = setTimeout(() => {
      if (this.#slow >= MAX_SLOW) return;
      isSlow = true;
      this.#requests -= 1;
      this.#slow += 1;
      this.#send();
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      if (isSlow) this.#slow -= 1;
      else this.#requests -= 1;
    };
  }

  #share(outcome: Outcome<readonly BatchEntry[]>, checks: readonly WaitingCheck[]): void {
    if (outcome.kind === 'answered') {
      return checks.forEach(({ resolve }, index) => resolve(outcomeOf(outcome.answer[index] as BatchEntry)));
    }
    if (outcome.kind === 'refused' && isAboutContent(outcome.error)) {
      return this.#queue.putBack(apart(checks, outcome.error));
    }
    for (const { resolve } of checks) resolve(outcome);
  }
}

function single({ text, operationId, resource, traceHeaders }: WaitingCheck): Asked<Decision> {
  return {
    method: 'POST',
    path: 'check',
    body: text,
    read: readDecision(operationId),
    resource,
    traceHeaders,
  };
}

/** A request has one trace: that of the first of them. */
function merged(checks: readonly WaitingCheck[]): Asked<readonly BatchEntry[]> {
  const body = `{"checks":[${checks.map(({ text }) => text).join(',')}]}`;
  const read = readBatch(checks.map(({ operationId }) => operationId));
  const resource = oneResource(checks);
  return { method: 'POST', path: 'check/batch', body, read, resource, traceHeaders: checks[0]?.traceHeaders };
}

/** Undefined where they are about several. */
export function oneResource(checks: readonly { readonly resource: string }[]): string | undefined {
  const resource = checks[0]?.resource;
  return checks.every((check) => check.resource === resource) ? resource : undefined;
}

export function outcomeOf(entry: BatchEntry): Outcome<Decision> {
  if (!isUndecided(entry)) return { kind: 'answered', answer: entry };
  const { code, status, detail = code } = entry.error;
  if (mayHelp(status) || code === 'drill-fault')
    return failure('server-error', true, detail, { status, code });
  return { kind: 'refused', error: QuotaClientError.fromProblem(entry.error) };
}

/** Not about the key: the content of one of them refused the whole batch. */
function isAboutContent({ status }: QuotaClientError): boolean {
  return status !== 401 && status !== 403;
}

/** Those that the errors name ask alone from now on; where they name none, all do. */
function apart(checks: readonly WaitingCheck[], { errors }: QuotaClientError): readonly WaitingCheck[] {
  const named = new Set(errors.map(({ path }) => Number(/^checks\.(\d+)(\.|$)/.exec(path)?.[1] ?? NaN)));
  const isNamed = checks.some((_check, index) => named.has(index));
  return checks.map((check, index) => ({ ...check, isAlone: !isNamed || named.has(index) }));
}
