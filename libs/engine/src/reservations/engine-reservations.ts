import { performance } from 'node:perf_hooks';
import {
  DEFAULT_TTL_MS,
  QuotaError,
  type CommitRequest,
  type ExtendRequest,
  type ReleaseRequest,
  type Reservation,
  type ReservationAnswer,
  type ReserveRequest,
} from '@sundial/contract';
import { withOwnWindows } from '../decisions/with-own-windows.js';
import type { ControlledChecks, ControlOverCheck } from '../controls/controlled-checks.js';
import type { CheckPlanner } from '../decisions/check-planner.js';
import type { CountedLimit, EngineDecision } from '../decisions/counted-limit.js';
import type { UnknownResources } from '../decisions/unknown-resources.js';
import { decodeContent, encodeContent } from '../operations/operation-content.js';
import type { OperationIds } from '../operations/operation-ids.js';
import {
  assertCommitRequest,
  assertExtendRequest,
  assertReleaseRequest,
  assertReserveRequest,
} from '../requests/parse-reservation.js';
import { missingAttributes } from '../requests/parse-request.js';
import { receiptErrors } from '../requests/receipt-errors.js';
import type { LiveRules } from '../rules/live-rules.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { EndedHold, PlannedEnding, PlannedReserve, Reserved } from '../runners/reservation-runner.js';
import type { AskedEnding, Caller, QuotaObserver } from '../runners/observer.js';
import type { Runner } from '../runners/runner.js';
import { copyOfAmounts, type Amounts } from '../operations/amounts.js';
import { then, type Answer } from '../stores/answer.js';
import type { Ending, StoredReservation } from '../stores/holds.js';
import { extensionOf } from './extension.js';
import { endById } from '../holds/known-by-id.js';
import { reservationOf } from './reservation-answer.js';
import { ReservationIds, type NamedReservation, type ReservationFacts } from './reservation-id.js';
import { ReservedCounters } from './reserved-counters.js';

/** A decision of this process: its limits know their windows' instants as numbers, too. */
export interface EngineReserveDecision extends EngineDecision {
  readonly reservation: Reservation | null;
}

export interface EngineReservationsOptions {
  readonly runner: Runner;
  readonly rules: LiveRules;
  readonly planner: CheckPlanner;
  readonly operations: OperationIds;
  /** Gates, brakes and drills, where there may be any. */
  readonly controls: ControlledChecks | undefined;
  /** Where no rule counts the resource. */
  readonly unknown: UnknownResources;
  readonly observer: Pick<QuotaObserver, 'decided' | 'extended' | 'ended'>;
}

/** From a subject of so many characters on, or so many rules, an id may be too long for a path. */
const LONG_SUBJECT = 2_000;
const MANY_RULES = 8;
const AS_HELD: Ending = { kind: 'commit' };
const RELEASE: Ending = { kind: 'release' };

/** The engine's verbs of reservations: what is asked is read, planned and given to the runner, and its answer put in words. */
export class EngineReservations {
  readonly #options: EngineReservationsOptions;
  readonly #ids: ReservationIds;
  readonly #counters: ReservedCounters;

  constructor(options: EngineReservationsOptions) {
    this.#options = options;
    this.#ids = new ReservationIds(options.runner.secret);
    this.#counters = new ReservedCounters(options.planner.kept);
  }

  async reserve(request: ReserveRequest, caller?: Caller): Promise<EngineReserveDecision> {
    const startedAt = performance.now();
    assertReserveRequest(request);
    const book = this.#options.rules.current;
    const rules = book.forResource(request.resource);
    const missing = missingAttributes(rules, request.subject);
    const errors = missing.length > 0 ? missing : receiptErrors(request);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const { ttlMs = DEFAULT_TTL_MS, onExpiry = 'release', subject, resource, amount = 1 } = request;
    const takes: Amounts = { amount, amounts: copyOfAmounts(request.amounts) };
    const control = this.#options.controls?.over(request);
    const planning = { rules, subject, resource, ttlMs, onExpiry, takes, book, startedAt, control };
    const decision = await (rules.length === 0
      ? this.#withoutRules(request, planning)
      : this.#held(request, planning));
    this.#options.observer.decided?.(request, decision, performance.now() - startedAt, caller);
    return decision;
  }

  async commit(id: string, request: CommitRequest = {}, caller?: Caller): Promise<ReservationAnswer> {
    assertCommitRequest(request);
    const isAsHeld = request.amount === undefined && request.amounts === undefined;
    const ending: Ending = isAsHeld ? AS_HELD : { kind: 'commit', ...namedIn(request) };
    return this.#observed(id, ending, { kind: 'commit' }, caller);
  }

  async release(id: string, request: ReleaseRequest = {}, caller?: Caller): Promise<ReservationAnswer> {
    assertReleaseRequest(request);
    return this.#observed(id, RELEASE, { kind: 'release', reason: request.reason }, caller);
  }

  async reservation(id: string): Promise<ReservationAnswer> {
    return this.#end(id, { kind: 'look' });
  }

  async extend(id: string, request: ExtendRequest, caller?: Caller): Promise<EngineReserveDecision> {
    const startedAt = performance.now();
    assertExtendRequest(request);
    const named = this.#ids.decode(id);
    const { current: book } = this.#options.rules;
    const ttl = request.ttlMs === undefined ? {} : { ttlMs: request.ttlMs };
    const ended = await this.#run(named, { kind: 'extend', ...ttl, ...namedIn(request) }, startedAt);
    const { operationId } = named;
    const asked = { request, operationId, rulesVersion: book.version, now: this.#options.runner.now() };
    const { decision, stored } = extensionOf(this.#known(ended), asked);
    const gate = this.#options.controls?.over(named)?.gate?.shown;
    const reservation = reservationOf(id, named, stored);
    const extended = { ...decision, ...(gate && { gate }), reservation };
    this.#options.observer.extended?.(request, extended, performance.now() - startedAt, caller);
    return extended;
  }

  #held(request: ReserveRequest, planning: Planning): Answer<EngineReserveDecision> {
    const { rules, subject, resource, ttlMs, onExpiry, takes, book, startedAt, control } = planning;
    const { runner, operations, controls, planner: ordinary } = this.#options;
    const planner = control === undefined ? ordinary : controls!.plannerOf(control, ordinary);
    const plan = planner.at(rules, subject, runner.now());
    const { operationId, operation } = operations.name(request, takes, plan.scope);
    const judgement = control && controls!.judge(control, { operationId, rulesVersion: book.version });
    if (judgement?.refusal) return { ...judgement.refusal, reservation: null };
    const said = {
      operationId,
      operation: operation.id,
      resource,
      subject,
      rules,
      content: operation.content,
      onExpiry,
    };
    const idOf = ({ at }: Pick<StoredReservation, 'at'>, isDegraded: boolean) =>
      this.#ids.encode({ ...said, at, expiresAt: at + ttlMs, isDegraded });
    if (lengthOf(subject) > LONG_SUBJECT || rules.length > MANY_RULES) idOf({ at: runner.now() }, true);
    const planned: PlannedReserve = {
      planner,
      rules,
      subject,
      plan,
      operationId,
      operation,
      amount: takes.amount,
      amounts: takes.amounts,
      startedAt,
      fairnessKey: resource,
      rulesVersion: book.version,
      hold: { ttlMs, onExpiry },
    };
    const ask = (asked: PlannedReserve) => runner.reservations.reserve(asked);
    const reserved = judgement === undefined ? ask(planned) : controls!.run(judgement, planned, ask);
    return then(reserved, ({ decision: decided, reservation, isDegraded }: Reserved) => {
      const decision = withOwnWindows(planned, decided);
      return {
        ...(control === undefined ? decision : controls!.marked(control, decision)),
        reservation: reservation ? reservationOf(idOf(reservation, isDegraded), said, reservation) : null,
      };
    });
  }

  /** Nothing is counted, so nothing is held; its caller need not know. */
  #withoutRules(request: ReserveRequest, { takes, book, control }: Planning): EngineReserveDecision {
    const unruled = this.#options.unknown.decide(request, book);
    const decision = control === undefined ? unruled : this.#unruledUnder(control, unruled);
    if (!decision.allowed) return { ...decision, reservation: null };
    const { resource, subject, ttlMs = DEFAULT_TTL_MS, onExpiry = 'release' } = request;
    const { operationId } = decision;
    const at = Math.round(this.#options.runner.now());
    const facts: ReservationFacts = {
      ...{ operationId, operation: operationId, resource, subject, rules: [], isDegraded: true },
      ...{ content: encodeContent(takes), at, expiresAt: at + ttlMs, onExpiry },
    };
    const { reservation } = this.#known(endById(facts, { kind: 'look' }, at));
    return { ...decision, reservation: reservationOf(this.#ids.encode(facts), facts, reservation) };
  }

  #unruledUnder(control: ControlOverCheck, unruled: EngineDecision): EngineDecision {
    const { controls } = this.#options;
    return controls!.judge(control, unruled).refusal ?? controls!.marked(control, unruled);
  }

  #end(id: string, ending: Ending): Answer<ReservationAnswer> {
    const named = this.#ids.decode(id);
    return then(this.#run(named, ending, performance.now()), (answered: EndedHold) => {
      const ended = this.#known(answered);
      const limits = 'windows' in ended ? this.#statesOf(named, ended.windows) : [];
      const degraded = 'cause' in ended ? { cause: ended.cause } : null;
      return { reservation: reservationOf(id, named, ended.reservation), limits, degraded };
    });
  }

  async #observed(
    id: string,
    ending: Ending,
    asked: AskedEnding,
    caller: Caller | undefined,
  ): Promise<ReservationAnswer> {
    const startedAt = performance.now();
    const answer = await this.#end(id, ending);
    this.#options.observer.ended?.(asked, answer, performance.now() - startedAt, caller);
    return answer;
  }

  #run(named: NamedReservation, ending: Ending, startedAt: number): Answer<EndedHold> {
    const { runner } = this.#options;
    if (named.counters.length === 0) {
      const ended = endById(named, ending, runner.now());
      return 'reservation' in ended ? { ...ended, windows: [] } : ended;
    }
    return runner.reservations.end(this.#planned(named, ending, startedAt));
  }

  #planned(named: NamedReservation, ending: Ending, startedAt: number): PlannedEnding {
    const { operation: id, content, at, expiresAt, onExpiry, isDegraded, resource } = named;
    return {
      operation: { id, content },
      ending,
      held: decodeContent(content),
      terms: { at, expiresAt, onExpiry },
      isDegraded,
      places: this.#counters.places(named),
      keep: (kept) => kept.forEach((each) => this.#options.planner.kept.note(each)),
      countersAt: (instant) => this.#counters.at(named, this.#options.rules.current, instant),
      resource,
      startedAt,
    };
  }

  /** @throws QuotaError `reservation-not-found`, `reservation-ended` */
  #known<T extends { readonly outcome: string }>(
    ended: T,
  ): Extract<T, { readonly reservation: StoredReservation }> {
    if (!('reservation' in ended)) throw QuotaError.reservationNotFound();
    const known = ended as Extract<T, { readonly reservation: StoredReservation }>;
    if (ended.outcome === 'ended-otherwise') throw QuotaError.reservationEnded(known.reservation.state);
    return known;
  }

  #statesOf(named: NamedReservation, windows: Parameters<ReservedCounters['statesOf']>[1]): CountedLimit[] {
    const { rules, runner } = this.#options;
    return this.#counters.statesOf(named, windows, { book: rules.current, now: runner.now() });
  }
}

interface Planning extends Pick<ReservationFacts, 'subject' | 'resource' | 'onExpiry'> {
  readonly rules: ReturnType<RuleBook['forResource']>;
  readonly ttlMs: number;
  readonly takes: Amounts;
  readonly book: RuleBook;
  readonly startedAt: number;
  readonly control: ControlOverCheck | undefined;
}

/** The caller's own object may change: this copy does not. */
function namedIn({ amount, amounts }: CommitRequest): CommitRequest {
  return { ...(amount !== undefined && { amount }), ...(amounts && { amounts: { ...amounts } }) };
}

function lengthOf(subject: Readonly<Record<string, string>>): number {
  let length = 0;
  for (const name in subject) length += subject[name]!.length;
  return length;
}
