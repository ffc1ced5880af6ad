import {
  type Amounts,
  byPolicy,
  type CounterRef,
  type Counts,
  type DecisionContext,
  degradedBy,
  type EngineDecision,
  type NamedOperation,
  onDenyOf,
  type PlannedLimit,
  type CheckPlan,
  type HoldTerms,
  refused,
  replayed,
  settledCounters,
  type SettledHold,
  startsAtOf,
  strictestPolicy,
  taken,
  takesNothing,
  type Takes,
  tooManyHolds,
} from '@sundial/engine/ports';
import type { Degraded, DegradePolicy } from '@sundial/contract';
import type { LocalHolds } from './local-holds.js';
import type { LocalCounters, NodeShare } from './local-counters.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';
import type { Unavailable } from '../guard/unavailable.js';

/** A check that the store did not decide. */
export interface UndecidedCheck extends NamedOperation, Amounts {
  readonly plan: CheckPlan;
  readonly unavailable: Unavailable;
  /** Of a reserve. */
  readonly hold?: HoldTerms | undefined;
  /** Store clock: when the reservation was released that had the id before. */
  readonly releasedAt?: number;
  readonly rulesVersion: number;
}

export interface DegradedDecision {
  readonly decision: EngineDecision;
  /** What the store has to record when it is back, if anything. */
  readonly pending: PendingSettlement | undefined;
}

/** Decides by the rules' policies what the store could not decide. */
export class DegradedDecisions {
  readonly #local: LocalCounters;
  readonly #holds: LocalHolds;
  readonly #now: () => number;
  readonly #share: () => NodeShare;

  constructor(options: {
    readonly local: LocalCounters;
    readonly holds: LocalHolds;
    readonly now: () => number;
    readonly share: () => NodeShare;
  }) {
    this.#local = options.local;
    this.#holds = options.holds;
    this.#now = options.now;
    this.#share = options.share;
  }

  decide(check: UndecidedCheck, policy = policyOf(check.plan)): DegradedDecision {
    const { plan, operationId, operation, amount, amounts, unavailable, rulesVersion } = check;
    const degraded = degradedBy(unavailable.cause, policy);
    const isFull = check.hold !== undefined && policy !== 'deny' && this.#holds.isFull(plan.counters);
    const context = { operationId, rulesVersion, degraded };
    // Read once: a hold's windows are found again by when it was taken.
    const decidedAt = Math.round(this.#now());
    const { decision, counts } = isFull
      ? this.#tooManyHolds(check, context, decidedAt)
      : this.#decideBy(degraded, check, { context, now: decidedAt });
    const { allowed } = decision;
    // A refused operation only matters to the store if it may have run all the same.
    if (takesNothing(check) || (!allowed && unavailable.executionStatus === 'not-executed'))
      return { decision, pending: undefined };
    const counters = settledCounters(counts);
    const intent = !allowed ? 'void' : check.hold ? 'hold' : 'count';
    const hold = check.hold && settledHold(check.hold, counts, { decidedAt, releasedAt: check.releasedAt });
    const settlement = {
      counters,
      operation,
      amount,
      amounts,
      intent,
      decidedAt,
      ...(hold && { hold }),
    } as const;
    if (intent === 'hold') this.#holds.place(operation.id, { counters, takes: check, ...hold! });
    const { executionStatus } = unavailable;
    const { resource } = plan;
    return { decision, pending: { settlement, degraded, executionStatus, decidedAt, resource } };
  }

  /** Refuses an extension that can't be settled, whatever the policy: `deny` is what it comes to. */
  look(counters: readonly CounterRef<PlannedLimit>[], now: number): DecidedExtension {
    return { isAllowed: false, policy: 'deny', counts: this.#local.counts(counters, now) };
  }

  /** Decides what an extension adds to a reservation, in the windows of now; `counts` are those of the decision. */
  extend(counters: readonly CounterRef<PlannedLimit>[], added: Takes, now: number): DecidedExtension {
    const rules = counters.flatMap(({ limits }) => (limits[0] ? [{ rule: limits[0].rule, limits }] : []));
    const policy = strictestPolicy({ rules });
    if (policy === 'local') {
      const { outcome, counts } = this.#local.take(counters, added, now, this.#share());
      return { isAllowed: outcome === 'taken', policy, counts };
    }
    const counts = this.#local.counts(counters, now);
    const isAllowed = policy === 'allow';
    if (isAllowed) this.#local.count(settledCounters(counts), added);
    return { isAllowed, policy, counts };
  }

  /** Takes back what could not be written down in time. */
  takeBack({ settlement }: PendingSettlement): void {
    if (settlement.intent === 'hold') this.#holds.release(settlement.operation.id);
    else this.#local.takeBack(settlement.counters, settlement);
  }

  /** Repeats that an operation was allowed, while only this node knows it. */
  repeat({ plan, operationId, rulesVersion }: UndecidedCheck, degraded: Degraded): EngineDecision {
    const counts = this.#local.counts(plan.counters, this.#now());
    return replayed(counts, { operationId, rulesVersion, degraded });
  }

  /** This node keeps no more for one counter than the store would. */
  #tooManyHolds(check: UndecidedCheck, context: DecisionContext, now: number): Outcome {
    const counts = this.#local.counts(check.plan.counters, now);
    return { decision: tooManyHolds(counts, check, context), counts };
  }

  #decideBy(
    { policy }: Degraded,
    check: UndecidedCheck,
    { context, now }: { readonly context: DecisionContext; readonly now: number },
  ): Outcome {
    const { plan } = check;
    const { counters } = plan;
    if (policy === 'local') {
      const { outcome, counts } = this.#local.take(counters, check, now, this.#share());
      const decision =
        outcome === 'taken' ? taken(counts, check, context) : refused(counts, check, context, now);
      return { decision, counts };
    }
    const known = this.#local.counts(counters, now);
    switch (policy) {
      case 'allow':
        this.#local.count(settledCounters(known), check);
        return { decision: byPolicy(true, known, check, context), counts: known };
      case 'deny':
        return {
          decision: byPolicy(false, known, check, { ...context, onDeny: onDenyOf(plan) }),
          counts: known,
        };
      default:
        return policy satisfies never;
    }
  }
}

/** Windows never go back: the clock may be behind the start of one, as it is in a store. */
function settledHold(
  { ttlMs, onExpiry }: HoldTerms,
  counts: Counts,
  {
    decidedAt,
    releasedAt = -Infinity,
  }: { readonly decidedAt: number; readonly releasedAt: number | undefined },
): SettledHold {
  let takenAt = Math.max(decidedAt, releasedAt + 1);
  for (const { limit, windowIndex } of counts) takenAt = Math.max(takenAt, startsAtOf(limit, windowIndex));
  return { takenAt, isDegraded: true, expiresAt: decidedAt + ttlMs, onExpiry };
}

/** What became of an extension. */
export interface DecidedExtension {
  readonly isAllowed: boolean;
  readonly policy: DegradePolicy;
  readonly counts: Counts<PlannedLimit>;
}

/** A decision, and the counts that it was made of. */
interface Outcome {
  readonly decision: EngineDecision;
  readonly counts: Counts<PlannedLimit>;
}

/** Computed once for the same rules. */
export function policyOf(plan: CheckPlan): DegradePolicy {
  let policy = knownPolicies.get(plan.rules);
  if (policy === undefined) knownPolicies.set(plan.rules, (policy = strictestPolicy(plan)));
  return policy;
}

const knownPolicies = new WeakMap<CheckPlan['rules'], DegradePolicy>();
