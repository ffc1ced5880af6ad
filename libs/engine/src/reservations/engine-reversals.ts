import { performance } from 'node:perf_hooks';
import {
  QuotaError,
  said,
  type CorrectedLimit,
  type CorrectedUsage,
  type InputError,
  type LimitState,
  type Refunded,
  type RefundRequest,
  type Returned,
  type ReturnRequest,
  type Rule,
  type Subject,
  type UsageCorrection,
} from '@sundial/contract';
import { fieldOf } from '../counters/limit-field.js';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { CheckPlanner } from '../decisions/check-planner.js';
import { currentStates } from '../decisions/decision.js';
import type { OperationIds } from '../operations/operation-ids.js';
import {
  assertRefundRequest,
  assertReturnRequest,
  assertUsageCorrection,
} from '../requests/parse-reservation.js';
import { notTheAttributes } from '../requests/exact-subject.js';
import { missingAttributes } from '../requests/parse-request.js';
import type { LiveRules } from '../rules/live-rules.js';
import { ruleNotFound } from '../rules/rule-conflicts.js';
import type { Caller, QuotaObserver } from '../runners/observer.js';
import type { Runner } from '../runners/runner.js';
import { amountOf, copyOfAmounts, type Amounts } from '../operations/amounts.js';
import type { CounterRef } from '../stores/counter-ref.js';
import { amountsByMeter } from '../operations/amounts-by-meter.js';

export interface EngineReversalsOptions {
  readonly runner: Runner;
  readonly rules: LiveRules;
  readonly planner: CheckPlanner;
  readonly operations: OperationIds;
  readonly observer: Pick<QuotaObserver, 'refunded' | 'returned'>;
}

/** A correction that was done. */
export interface Correction {
  readonly corrected: CorrectedUsage;
  /** What the limits had that were set, read just before; absent where it was not known. */
  readonly before?: readonly CorrectedLimit[];
}

/** The engine's verbs that change what is counted already: of one operation, of a stock, or as an operator says. */
export class EngineReversals {
  readonly #options: EngineReversalsOptions;

  constructor(options: EngineReversalsOptions) {
    this.#options = options;
  }

  async refund(request: RefundRequest, caller?: Caller): Promise<Refunded> {
    assertRefundRequest(request);
    const startedAt = performance.now();
    const planned = this.#planned(request);
    if (planned === undefined) throw operationNotFound(request);
    const { operation } = this.#options.operations.name(request, { amount: 0 }, planned.plan.scope);
    const result = await this.#options.runner.reservations.refund({ ...planned, operation, startedAt });
    switch (result.outcome) {
      case 'refunded':
      case 'journaled': {
        const refunded: Refunded = { refunded: true, amounts: result.amounts ?? {} };
        const degraded = result.outcome === 'journaled' && { cause: result.cause };
        this.#options.observer.refunded?.(request, { ...refunded, ...degraded }, caller);
        return refunded;
      }
      case 'held': {
        const detail = `Operation ${request.operationId} is a reservation that is still held: release it.`;
        throw new QuotaError('reservation-held', detail);
      }
      case 'not-found':
        throw operationNotFound(request);
      case 'window-mismatch':
      case 'wrong-type':
      case 'expired':
        throw unavailable(result.outcome);
      default:
        return result satisfies never;
    }
  }

  async returnUnits(request: ReturnRequest, caller?: Caller): Promise<Returned> {
    assertReturnRequest(request);
    const planned = this.#planned(request);
    const { amount = 1 } = request;
    const takes: Amounts = { amount, amounts: copyOfAmounts(request.amounts) };
    const totalsOf = (counters: readonly CounterRef<PlannedLimit>[]) =>
      limited(counters, (limit) => isTotal(limit) && amountOf(limit, takes.amount, takes.amounts) > 0);
    if (planned === undefined || totalsOf(planned.plan.counters).length === 0)
      throw nothingToReturn(`No rule of ${request.resource} counts a total of what is to be returned.`);
    const { operation } = this.#options.operations.name(request, takes, planned.plan.scope);
    const result = await this.#options.runner.reservations.giveBack({
      ...planned,
      ...takes,
      operation,
      totalsOf,
    });
    switch (result.outcome) {
      case 'returned':
      case 'replayed': {
        const returned: Returned = { returned: true, limits: currentStates(result.counts) };
        this.#options.observer.returned?.(request, returned, caller);
        return returned;
      }
      case 'nothing-to-return': {
        const used = result.counts.map((count) => `${count.limit.rule.id}: ${count.used}`).join(', ');
        const wanted = JSON.stringify(amountsByMeter(takes));
        throw nothingToReturn(
          `Less is used than is to be returned: ${wanted} of ${used}. Nothing was changed.`,
        );
      }
      case 'conflict':
        throw QuotaError.conflict(request.operationId);
      case 'window-mismatch':
      case 'wrong-type':
      case 'expired':
        throw unavailable(result.outcome);
      default:
        return result satisfies never;
    }
  }

  /** @throws QuotaError `invalid-request`, `rule-not-found`, `store-unavailable` */
  async correct(correction: UsageCorrection): Promise<Correction> {
    assertUsageCorrection(correction);
    const { rules: live, planner, runner } = this.#options;
    const { rule: id, subject } = correction;
    const rule = live.current.byId(id);
    if (rule === undefined) throw ruleNotFound(id);
    const errors = [...notTheAttributes(rule.per, subject), ...notItsLimits(rule, correction.limits)];
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const set = new Map(correction.limits.map((limit) => [fieldOf(limit), limit.used]));
    const settingsOf = (counters: readonly CounterRef<PlannedLimit>[]) =>
      counters.map(({ key, shardGroup, limits }) => {
        const named = limits.filter(({ field }) => set.has(field));
        return {
          key,
          shardGroup,
          limits: named.map((limit) => ({ ...limit, setTo: set.get(limit.field)! })),
        };
      });
    const rules = [rule];
    const planned = () => ({ planner, rules, subject, plan: planner.at(rules, subject, runner.now()) });
    const before = await runner.usage(planned());
    const result = await runner.reservations.setUsage({ ...planned(), settingsOf });
    if (result.outcome !== 'set') throw unavailable(result.outcome);
    const { limits } = await runner.usage(planned());
    return {
      corrected: { rule: id, subject, limits },
      ...(before.degraded === null && { before: usedOf(before.limits, correction.limits) }),
    };
  }

  #planned({ resource, subject }: { readonly resource: string; readonly subject: Subject }) {
    const { rules: live, planner, runner } = this.#options;
    const rules = live.current.forResource(resource);
    const errors = missingAttributes(rules, subject);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    if (rules.length === 0) return undefined;
    return { planner, rules, subject, plan: planner.at(rules, subject, runner.now()) };
  }
}

function isTotal({ definition: { window } }: PlannedLimit): boolean {
  return (typeof window === 'string' ? window : window.unit) === 'total';
}

/** Counters with these of their limits alone; those without any are left out. */
function limited(
  counters: readonly CounterRef<PlannedLimit>[],
  isMeant: (limit: PlannedLimit) => boolean,
): readonly CounterRef<PlannedLimit>[] {
  return counters
    .map(({ key, shardGroup, limits }) => ({ key, shardGroup, limits: limits.filter(isMeant) }))
    .filter(({ limits }) => limits.length > 0);
}

function notItsLimits(rule: Rule, limits: readonly CorrectedLimit[]): readonly InputError[] {
  const fields = new Set(rule.limits.map(fieldOf));
  return limits.flatMap((limit, index) => {
    const path = `limits.${index}`;
    if (!fields.has(fieldOf(limit))) return { path, ...said('limit-of-rule', { rule: rule.id }) };
    if (limit.window !== 'concurrent') return [];
    return { path, ...said('limit-of-holds') };
  });
}

/** What is used of the limits that a correction names. */
function usedOf(states: readonly LimitState[], named: readonly CorrectedLimit[]): readonly CorrectedLimit[] {
  const used = new Map(states.map((state) => [fieldOf(state), state.used]));
  return named.map((limit) => ({ ...limit, used: used.get(fieldOf(limit)) ?? 0 }));
}

function operationNotFound({ operationId }: RefundRequest): QuotaError {
  const detail = `No operation is remembered under ${operationId} for this resource and subject: nothing was reversed.`;
  return new QuotaError('operation-not-found', detail);
}

function nothingToReturn(detail: string): QuotaError {
  return new QuotaError('nothing-to-return', detail);
}

function unavailable(outcome: string): QuotaError {
  return new QuotaError('store-unavailable', `The store did not do it: ${outcome}. Nothing was changed.`);
}
