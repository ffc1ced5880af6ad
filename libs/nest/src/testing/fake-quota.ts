import { randomUUID } from 'node:crypto';
import {
  type Amounts,
  type CheckRequest,
  type CommitRequest,
  type Decision,
  type ExtendRequest,
  type LimitState,
  type Quota,
  QuotaError,
  type Refunded,
  type RefundRequest,
  type ReleaseRequest,
  type Reservation,
  type ReservationAnswer,
  type ReserveDecision,
  type ReserveRequest,
  type Returned,
  type ReturnRequest,
  type Subject,
  type UndecidedError,
  UNITS_METER,
  type Usage,
  type UsageRequest,
} from '@sundial/contract';
import { amountsOf, FakeCounters, keyOf } from './fake-counters.js';
import { FakeReservations, unitsOf } from './fake-reservations.js';

/**
 * What a `FakeQuota` answers to one check or reserve: an allowed decision, a refused one, a decision of which the test names
 * some fields (`{ allowed: false, onDeny: { … } }`), or an error to reject with.
 */
export type FakeAnswer = 'allow' | 'refuse' | Partial<Decision> | Error;

/** An ending that a `FakeQuota` was asked for. */
export type FakeEnding =
  | { readonly verb: 'commit'; readonly id: string; readonly request: CommitRequest }
  | { readonly verb: 'release'; readonly id: string; readonly request: ReleaseRequest }
  | { readonly verb: 'extend'; readonly id: string; readonly request: ExtendRequest };

/**
 * A `Quota` for tests of an application's own code. It needs no Redis and no rules, and records what it was asked:
 *
 * - `FakeQuota.allowing()` allows every check, `FakeQuota.refusing({ onDeny })` refuses every check;
 * - `FakeQuota.counting(2)` allows two units per resource and subject, then refuses; `counting({ units: 2, tokens: 100 })`
 *   has a `max` for each of these meters, and takes all of a check or none;
 * - `FakeQuota.scripted('allow', 'refuse', new Error('away'))` answers in this order, and rejects when the script ends;
 * - `new FakeQuota((request) => …)` decides by the request.
 *
 * `checks`, `reserves`, `endings` and `usages` are the requests so far. `answerWith` changes the answers, `failEndings` has
 * endings reject, `clear` forgets the requests.
 *
 * What is allowed is counted, `used(request)` says how much. Reservations are held in memory: they are committed, released,
 * extended and refunded as by a service, and expire by this quota's own clock, which stands still until the test moves it
 * with `advance(ms)`. It validates nothing and knows no windows: what rules do is tested with an engine.
 */
export class FakeQuota implements Quota {
  /** Every check, those of batches included, in the order in which they were asked. */
  readonly checks: CheckRequest[] = [];
  readonly reserves: ReserveRequest[] = [];
  readonly endings: FakeEnding[] = [];
  readonly usages: UsageRequest[] = [];
  /** The limits that all answers show. */
  limits: readonly LimitState[] = [];
  #answer!: (request: CheckRequest) => FakeAnswer;
  #endingError: Error | undefined;
  #now = Date.parse('2026-01-01T12:00:00Z');
  readonly #counters: FakeCounters;
  readonly #reservations: FakeReservations;
  /** Checks that were allowed, and what became of operations, by scope and operation id. */
  readonly #counted = new Map<string, Amounts>();
  readonly #refunded = new Map<string, Amounts>();
  readonly #returned = new Set<string>();

  constructor(
    answer: FakeAnswer | ((request: CheckRequest) => FakeAnswer) = 'allow',
    counters = new FakeCounters(),
  ) {
    this.#counters = counters;
    this.#reservations = new FakeReservations(counters, () => this.#now);
    this.answerWith(answer);
  }

  static allowing(): FakeQuota {
    return new FakeQuota('allow');
  }

  static refusing(refusal: Partial<Decision> = {}): FakeQuota {
    return new FakeQuota({ ...refusal, allowed: false });
  }

  static scripted(...answers: readonly FakeAnswer[]): FakeQuota {
    let next = 0;
    return new FakeQuota(({ resource }) => {
      const answer = answers[next++];
      if (answer !== undefined) return answer;
      return new Error(
        `FakeQuota has a script of ${answers.length} answers, and check ${next} ("${resource}") came. Add an answer.`,
      );
    });
  }

  static counting(max: number | Amounts, refusal: Partial<Decision> = {}): FakeQuota {
    const counters = new FakeCounters(typeof max === 'number' ? { [UNITS_METER]: max } : max);
    const answer = (request: CheckRequest): FakeAnswer =>
      counters.hasRoom(request, amountsOf(request)) ? 'allow' : { ...refusal, allowed: false };
    return new FakeQuota(answer, counters);
  }

  /** What it answers from now on. */
  answerWith(answer: FakeAnswer | ((request: CheckRequest) => FakeAnswer)): void {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
  }

  /** Endings reject with this from now on, and do nothing; without an error they work again. */
  failEndings(error?: Error): void {
    this.#endingError = error;
  }

  /** Forgets the recorded requests; answers and counts stay as they are. */
  clear(): void {
    for (const recorded of [this.checks, this.reserves, this.endings, this.usages]) recorded.length = 0;
  }

  /** Lets so much time pass on the clock that reservations expire by. */
  advance(ms: number): void {
    this.#now += ms;
    this.#reservations.settleDue();
  }

  /** What a subject has used and holds of a resource, by meter. */
  used(of: { readonly resource: string; readonly subject: Subject }): Amounts {
    this.#reservations.settleDue();
    return this.#counters.used(of);
  }

  async check(request: CheckRequest): Promise<Decision> {
    this.checks.push(request);
    const decision = this.#decide(request);
    if (!decision.allowed) return decision;
    this.#counters.add(request, amountsOf(request));
    this.#counted.set(keyOf(request, decision.operationId), amountsOf(request));
    return decision;
  }

  checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | UndecidedError)[]> {
    return Promise.all(
      requests.map((request) => this.check(request).catch((error: UndecidedError) => error)),
    );
  }

  async usage(request: UsageRequest): Promise<Usage> {
    this.usages.push(request);
    const { resource, subject } = request;
    return { resource, subject, limits: this.limits, degraded: null, rulesVersion: 1 };
  }

  async reserve(request: ReserveRequest): Promise<ReserveDecision> {
    this.reserves.push(request);
    const { operationId } = request;
    this.#assertNotRefunded(request);
    const known = operationId && this.#reservations.under({ ...request, operationId });
    if (known) return { ...this.#decision(request, 'allow'), replayed: true, reservation: known };
    if (operationId && this.#counted.has(keyOf(request, operationId))) throw QuotaError.conflict(operationId);
    const decision = this.#decide(request);
    if (!decision.allowed) return { ...decision, reservation: null };
    const named = { ...request, operationId: decision.operationId };
    return { ...decision, reservation: this.#reservations.place(named) };
  }

  async commit(id: string, request: CommitRequest = {}): Promise<ReservationAnswer> {
    this.#ending({ verb: 'commit', id, request });
    return this.#shown(this.#reservations.commit(id, request));
  }

  async release(id: string, request: ReleaseRequest = {}): Promise<ReservationAnswer> {
    this.#ending({ verb: 'release', id, request });
    return this.#shown(this.#reservations.release(id));
  }

  async extend(id: string, request: ExtendRequest): Promise<ReserveDecision> {
    this.#ending({ verb: 'extend', id, request });
    const added = this.#reservations.addedBy(id, request);
    const { operationId } = this.#reservations.find(id);
    const decision = added ? this.#decide({ ...added, operationId }) : undefined;
    if (decision && !decision.allowed) return { ...decision, reservation: this.#reservations.find(id) };
    const reservation = this.#reservations.extend(id, added, request);
    return { ...(decision ?? this.#decision(reservation, 'allow')), reservation };
  }

  async reservation(id: string): Promise<ReservationAnswer> {
    return this.#shown(this.#reservations.find(id));
  }

  async refund({ resource, subject, operationId }: RefundRequest): Promise<Refunded> {
    const key = keyOf({ resource, subject }, operationId);
    const before = this.#refunded.get(key);
    if (before) return { refunded: true, amounts: before };
    const reservation = this.#reservations.under({ resource, subject, operationId });
    if (reservation?.state === 'held') {
      throw new QuotaError('reservation-held', 'It is held and not counted: release the reservation.');
    }
    const amounts = reservation?.committed ?? reservation?.amounts ?? this.#counted.get(key);
    if (amounts === undefined) {
      throw new QuotaError('operation-not-found', `No operation ${operationId} is known.`);
    }
    this.#counters.remove({ resource, subject }, amounts);
    this.#refunded.set(key, amounts);
    return { refunded: true, amounts };
  }

  async returnUnits(request: ReturnRequest): Promise<Returned> {
    const key = keyOf(request, request.operationId);
    if (this.#returned.has(key)) return { returned: true, limits: this.limits };
    const used = this.used(request);
    const amounts = amountsOf(request);
    if (Object.entries(amounts).some(([meter, amount]) => amount > unitsOf(used, meter))) {
      throw new QuotaError('nothing-to-return', 'Less is used than is to be returned.');
    }
    this.#counters.remove(request, amounts);
    this.#returned.add(key);
    return { returned: true, limits: this.limits };
  }

  #ending(ending: FakeEnding): void {
    this.endings.push(ending);
    if (this.#endingError) throw this.#endingError;
  }

  #shown(reservation: Reservation): ReservationAnswer {
    return { reservation, limits: this.limits, degraded: null };
  }

  #assertNotRefunded(request: CheckRequest): void {
    const { operationId } = request;
    if (operationId === undefined || !this.#refunded.has(keyOf(request, operationId))) return;
    throw new QuotaError('operation-refunded', `Operation ${operationId} was refunded.`);
  }

  #decide(request: CheckRequest): Decision {
    this.#assertNotRefunded(request);
    this.#reservations.settleDue();
    const answer = this.#answer(request);
    if (answer instanceof Error) throw answer;
    return this.#decision(request, answer);
  }

  #decision(
    { operationId = randomUUID() }: Pick<CheckRequest, 'operationId'>,
    answer: Exclude<FakeAnswer, Error>,
  ): Decision {
    const named = typeof answer === 'string' ? { allowed: answer === 'allow' } : answer;
    const { allowed = true } = named;
    return {
      allowed,
      reason: allowed ? 'ok' : 'limit-reached',
      operationId,
      replayed: false,
      wouldDeny: false,
      limits: this.limits,
      degraded: null,
      rulesVersion: 1,
      ...named,
    };
  }
}
