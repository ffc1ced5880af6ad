import {
  type CheckRequest,
  type CommitRequest,
  type Decision,
  type ExtendRequest,
  firstErrors,
  MAX_BATCH_CHECKS,
  type Quota,
  type Refunded,
  type RefundRequest,
  type ReleaseRequest,
  type ReservationAnswer,
  type ReserveDecision,
  type ReserveRequest,
  type Returned,
  type ReturnRequest,
  type Usage,
  type UsageRequest,
} from '@sundial/contract';
import type { Outcome } from './answers/outcome.js';
import { QuotaClientError } from './answers/quota-client-error.js';
import {
  type Read,
  readBatch,
  readDecision,
  readRefunded,
  readReturned,
  readUsage,
} from './answers/shapes.js';
import { type ClientParts, partsOf } from './client-parts.js';
import { type ClientSettings, settingsOf } from './client-settings.js';
import { CallsUnderWay } from './events/calls-under-way.js';
import type { ClientCall } from './events/client-call.js';
import type { QuotaClientEvents } from './events/client-events.js';
import { requestErrors } from './fallback/request-errors.js';
import type { AffectedOperation } from './journal/affected-operation.js';
import type { Flushed } from './journal/deliveries.js';
import { oneResource, outcomeOf } from './merging/merged-checks.js';
import { idOf, json, type Named, named, usagePath } from './named-request.js';
import type { QuotaClientOptions } from './quota-client-options.js';

const DEFAULT_FLUSH_MS = 5_000;
const DEFAULT_CLOSE_MS = 1_000;
/** A busy event loop decides a call so long after its deadline: what it decides is still journaled. */
const DECIDED_LATE_MS = 100;

/**
 * Sundial over HTTP: the same verbs as the engine, asked of a service that may be slow, broken or away.
 *
 * Every verb is answered within `deadlineMs`. Where no endpoint answered, `fallback` decides, the decision says `degraded: {
 * cause: 'unreachable', policy }`, and the journal keeps the operation until the service has counted it (`POST /reports`), which
 * happens aside, in `flush` and in `close`. A verb rejects with a `QuotaClientError` only for misuse: bad input, a refused key,
 * a conflict, a closed client (and `refund` and `returnUnits` where no endpoint answers, since only the service knows the
 * operation). Every check has one operation id (the caller's, or made here) for all of its attempts, so that it
 * counts once whatever is lost on the way.
 */
export class QuotaClient implements Quota {
  readonly #settings: ClientSettings;
  readonly #parts: ClientParts;
  readonly #underWay: CallsUnderWay;
  #closing: Promise<Flushed> | null = null;

  /**
   * No connection is made yet. @throws TypeError for an option that can never work, Error for a journal file that cannot be
   * used.
   */
  constructor(options: QuotaClientOptions) {
    this.#settings = settingsOf(options);
    this.#parts = partsOf(this.#settings, options);
    this.#underWay = new CallsUnderWay({ ...this.#parts, onCall: options.onCall });
    if (options.onAlarm) this.on('alarm', options.onAlarm);
    this.on('alarm', ({ name }) => {
      if (name === 'calls-failing') this.#underWay.watchAlarm();
    });
  }

  /** Asks and counts. A refusal is an answer. */
  check(request: CheckRequest): Promise<Decision> {
    return this.#underWay.run(callOf('check', request), async () => {
      const deadline = this.#deadline();
      const check = named(request);
      return this.#decided('check', check, await this.#checked(check, deadline));
    });
  }

  /**
   * Up to 1,000 checks in one request, each decided on its own, answered in order. A check that could not be decided (its
   * operation id was used for something else) has its error in its place. Bad input fails the whole batch. An empty list is
   * answered with an empty list, and the service is not asked.
   */
  async checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | QuotaClientError)[]> {
    return this.#underWay.run({ verb: 'checkBatch' }, async () => {
      if (!Array.isArray(requests)) throw invalid('checks', 'must be a list of checks');
      if (requests.length === 0) return [];
      const checks = requests.map((request: CheckRequest) => named(request));
      const body = `{"checks":[${checks.map(({ text }) => text).join(',')}]}`;
      const read = readBatch(checks.map(({ request }) => request.operationId));
      const resource = oneResource(checks.map(({ request }) => request));
      const asked = { method: 'POST', path: 'check/batch', body, read, resource } as const;
      const outcome = await this.#parts.calls.ask(asked, this.#deadline());
      if (outcome.kind === 'refused') throw outcome.error;
      if (outcome.kind === 'failed') expectBatch(requests);
      return checks.map((check, index) => {
        const entry = outcome.kind === 'failed' ? outcome : outcomeOf(outcome.answer[index] as Decision);
        return entry.kind === 'refused' ? entry.error : this.#decided('checkBatch', check, entry);
      });
    });
  }

  /** Looks and counts nothing. Where no endpoint answers, `limits` is empty. */
  async usage(request: UsageRequest): Promise<Usage> {
    const { resource, subject } = request;
    return this.#underWay.run({ verb: 'usage', resource }, async () => {
      const asked = { method: 'GET', path: usagePath(request), read: readUsage, resource } as const;
      const outcome = await this.#parts.calls.ask(asked, this.#deadline());
      if (outcome.kind === 'answered') return outcome.answer;
      if (outcome.kind === 'refused') throw outcome.error;
      this.#parts.degraded.happened('usage', { resource, operationId: '' }, outcome, null);
      return { resource, subject, limits: [], degraded: { cause: 'unreachable' }, rulesVersion: 0 };
    });
  }

  /**
   * A check that holds what it takes. Where no endpoint answers and the fallback allows, the client makes the reservation: its
   * commit is reported, its release is nothing.
   */
  reserve(request: ReserveRequest): Promise<ReserveDecision> {
    return this.#underWay.run(callOf('reserve', request), async () => {
      const { request: reserve, text } = named(request);
      return this.#parts.reservations.reserve(reserve, text);
    });
  }

  /** Counts what was really used. One that could not be delivered is repeated by `flush`. */
  commit(id: string, request: CommitRequest = {}): Promise<ReservationAnswer> {
    return this.#underWay.run({ verb: 'commit' }, () => this.#parts.reservations.commit(idOf(id), request));
  }

  /** Gives all of it back. One that could not be delivered is repeated by `flush`. */
  release(id: string, request: ReleaseRequest = {}): Promise<ReservationAnswer> {
    return this.#underWay.run({ verb: 'release' }, () => this.#parts.reservations.release(idOf(id), request));
  }

  extend(id: string, request: ExtendRequest): Promise<ReserveDecision> {
    return this.#underWay.run({ verb: 'extend' }, () => this.#parts.reservations.extend(idOf(id), request));
  }

  /** How it stands; where no endpoint answers, as this client knew it last. */
  reservation(id: string): Promise<ReservationAnswer> {
    return this.#underWay.run({ verb: 'reservation' }, () => this.#parts.reservations.reservation(idOf(id)));
  }

  /**
   * Once; a repetition is answered alike. Nothing can answer in the service's place: where no endpoint does, it rejects with
   * `service-unreachable`, and repeating it is safe.
   */
  refund(request: RefundRequest): Promise<Refunded> {
    return this.#underWay.run(callOf('refund', request), () => this.#given('refunds', request, readRefunded));
  }

  /** Gives units of `total` limits back. It rejects as `refund` does. */
  returnUnits(request: ReturnRequest): Promise<Returned> {
    return this.#underWay.run(callOf('returnUnits', request), () =>
      this.#given('returns', request, readReturned),
    );
  }

  /** Operations that no service decided, oldest first; those that are delivered as long as the journal has room. */
  affected(): IterableIterator<AffectedOperation> {
    return this.#parts.journal.affected();
  }

  /**
   * Delivers what the journal holds: until the service has all of it, or for `timeoutMs` (default 5,000). It never rejects; what
   * is `pending` then stays in the journal.
   */
  flush({ timeoutMs = DEFAULT_FLUSH_MS }: { readonly timeoutMs?: number } = {}): Promise<Flushed> {
    if (this.#closing) return this.#closing;
    return this.#parts.deliveries.flush(timeoutMs);
  }

  /** Refuses new calls, waits for those under way, delivers for at most `timeoutMs` (default 1,000), and lets go of the file. */
  close({ timeoutMs = DEFAULT_CLOSE_MS }: { readonly timeoutMs?: number } = {}): Promise<Flushed> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  /** Returns what ends it. A listener that throws becomes a process warning. */
  on<Name extends keyof QuotaClientEvents>(
    name: Name,
    listener: (event: QuotaClientEvents[Name]) => void,
  ): () => void {
    return this.#parts.events.on(name, listener);
  }

  #deadline(): number {
    return performance.now() + this.#settings.deadlineMs;
  }

  #checked({ request, text }: Named<CheckRequest>, dueAt: number): Promise<Outcome<Decision>> {
    const { operationId, resource } = request;
    const { checks, calls, spans } = this.#parts;
    if (this.#settings.merge) {
      return checks.check({ text, operationId, resource, dueAt, traceHeaders: spans?.headers() });
    }
    const read = readDecision(operationId);
    return calls.ask({ method: 'POST', path: 'check', body: text, read, resource }, dueAt);
  }

  async #given<T>(path: string, request: object, read: Read<T>): Promise<T> {
    const asked = { method: 'POST', path, body: json(request), read } as const;
    const outcome = await this.#parts.calls.ask(asked, this.#deadline());
    if (outcome.kind === 'answered') return outcome.answer;
    throw outcome.kind === 'refused' ? outcome.error : QuotaClientError.unanswered(outcome);
  }

  #decided(
    verb: 'check' | 'checkBatch',
    { request }: Named<CheckRequest>,
    outcome: Outcome<Decision>,
  ): Decision {
    const { degraded } = this.#parts;
    switch (outcome.kind) {
      case 'answered':
        degraded.learn(request.resource, outcome.answer);
        return outcome.answer;
      case 'refused':
        throw outcome.error;
      case 'failed':
        return degraded.decide(verb, request, outcome);
    }
  }

  async #close(timeoutMs: number): Promise<Flushed> {
    const { endpoints, deliveries, journal } = this.#parts;
    await this.#underWay.close(this.#deadline() + DECIDED_LATE_MS);
    const flushed = await deliveries.flush(timeoutMs);
    deliveries.close();
    endpoints.close();
    journal.close();
    return flushed;
  }
}

function callOf(verb: 'check' | 'reserve' | 'refund' | 'returnUnits', request: CheckRequest): ClientCall {
  const { resource, operationId } = (request ?? {}) as Partial<CheckRequest>;
  return {
    verb,
    ...(resource !== undefined && { resource }),
    ...(operationId !== undefined && { operationId }),
  };
}

/** Bad input refuses the whole batch, as the service does. */
function expectBatch(requests: readonly CheckRequest[]): void {
  if (requests.length > MAX_BATCH_CHECKS) throw invalid('checks', `must be at most ${MAX_BATCH_CHECKS}`);
  const errors = requests.flatMap((request, index) =>
    requestErrors(request).map(({ path, message }) => ({ path: `checks.${index}.${path}`, message })),
  );
  if (errors.length > 0) throw QuotaClientError.invalidRequest(...firstErrors(errors));
}

function invalid(path: string, message: string): QuotaClientError {
  return QuotaClientError.invalidRequest({ path, message });
}
