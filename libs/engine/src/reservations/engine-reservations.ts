import {
  QuotaError,
  type CommitRequest,
  type CorrectedLimit,
  type CorrectedUsage,
  type ExtendRequest,
  type InputError,
  type Refunded,
  type RefundRequest,
  type ReleaseRequest,
  type Reservation,
  type ReservationAnswer,
  type Reservations,
  type ReserveDecision,
  type ReserveRequest,
  type Returned,
  type ReturnRequest,
  type Rule,
  type Subject,
  type UsageCorrection,
} from '@sundial/contract';
import { fieldOf } from '../counters/limit-field.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import {
  assertCommitRequest,
  assertExtendRequest,
  assertRefundRequest,
  assertReleaseRequest,
  assertReserveRequest,
  assertReturnRequest,
  assertUsageCorrection,
} from '../requests/parse-reservation.js';
import { missingAttributes } from '../requests/parse-request.js';
import type { SharedSecret } from '../operations/secret.js';
import type { LiveRules } from '../rules/live-rules.js';
import { ruleNotFound } from '../rules/rule-conflicts.js';
import { type NamedReservation, ReservationIds } from './reservation-id.js';

/** A decision of this process: its limits know their windows' instants as numbers, too. */
export interface EngineReserveDecision extends EngineDecision {
  readonly reservation: Reservation | null;
}

export interface EngineReservationsOptions {
  readonly secrets: SharedSecret;
  readonly rules: LiveRules;
}

/** The engine's verbs of reservations: reads what is asked and refuses what can be none, before a store is asked. */
export class EngineReservations implements Reservations {
  readonly #ids: ReservationIds;
  readonly #rules: LiveRules;

  constructor({ secrets, rules }: EngineReservationsOptions) {
    this.#ids = new ReservationIds(secrets);
    this.#rules = rules;
  }

  async reserve(request: ReserveRequest): Promise<EngineReserveDecision> {
    assertReserveRequest(request);
    this.#assertCounted(request);
    return notYet();
  }

  async commit(id: string, request: CommitRequest = {}): Promise<ReservationAnswer> {
    assertCommitRequest(request);
    this.#named(id);
    return notYet();
  }

  async release(id: string, request: ReleaseRequest = {}): Promise<ReservationAnswer> {
    assertReleaseRequest(request);
    this.#named(id);
    return notYet();
  }

  async extend(id: string, request: ExtendRequest): Promise<EngineReserveDecision & ReserveDecision> {
    assertExtendRequest(request);
    this.#named(id);
    return notYet();
  }

  async reservation(id: string): Promise<ReservationAnswer> {
    this.#named(id);
    return notYet();
  }

  async refund(request: RefundRequest): Promise<Refunded> {
    assertRefundRequest(request);
    this.#assertCounted(request);
    return notYet();
  }

  async returnUnits(request: ReturnRequest): Promise<Returned> {
    assertReturnRequest(request);
    this.#assertCounted(request);
    return notYet();
  }

  /** @throws QuotaError `invalid-request`, `rule-not-found`, `store-unavailable` */
  async correct(correction: UsageCorrection): Promise<CorrectedUsage> {
    assertUsageCorrection(correction);
    const { rule: id, subject } = correction;
    const rule = this.#rules.current.byId(id);
    if (rule === undefined) throw ruleNotFound(id);
    const errors = [...notTheAttributes(rule.per, subject), ...notItsLimits(rule, correction.limits)];
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    return notYet();
  }

  #named(id: string): NamedReservation {
    return this.#ids.decode(id);
  }

  #assertCounted({ resource, subject }: { readonly resource: string; readonly subject: Subject }): void {
    const errors = missingAttributes(this.#rules.current.forResource(resource), subject);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  }
}

/** A counter is one of a rule's exact attributes: with others it would be another one, or none. */
function notTheAttributes(per: readonly string[], subject: Subject): readonly InputError[] {
  const missing = per.filter((name) => !Object.hasOwn(subject, name));
  const others = Object.keys(subject).filter((name) => !per.includes(name));
  return [
    ...missing.map((name) => ({ path: `subject.${name}`, message: 'is missing: the rule counts by it' })),
    ...others.map((name) => ({ path: `subject.${name}`, message: 'is not counted by this rule' })),
  ];
}

function notItsLimits(rule: Rule, limits: readonly CorrectedLimit[]): readonly InputError[] {
  const fields = new Set(rule.limits.map(fieldOf));
  return limits.flatMap((limit, index) => {
    const path = `limits.${index}`;
    if (!fields.has(fieldOf(limit))) return { path, message: `is no limit of the rule ${rule.id}` };
    if (limit.window !== 'concurrent') return [];
    return { path, message: 'has nothing used that could be set: it is what live reservations hold' };
  });
}

function notYet(): never {
  throw new QuotaError('store-unavailable', 'This store keeps no reservations yet.');
}
