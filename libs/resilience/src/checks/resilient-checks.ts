import type { DegradedCause, Usage } from '@sundial/contract';
import {
  type Answer,
  type CheckPlan,
  type Decided,
  decisionOf,
  type Dispatch,
  type EngineDecision,
  inCurrentWindows,
  limitStates,
  type Planned,
  type PlannedCheck,
  type PlannedLimit,
  type ReadResult,
  type TakeResult,
} from '@sundial/engine/ports';
import type { LocalUsage } from '../fallback/local-usage.js';
import type { UndecidedChecks } from '../fallback/undecided-checks.js';
import { notAsked, unavailableFor, type Shed, type Unavailable } from '../guard/unavailable.js';
import type { AskedStore } from './asked-store.js';

export interface ResilientChecksOptions {
  readonly asked: AskedStore;
  readonly local: LocalUsage;
  readonly undecided: UndecidedChecks;
  /** The store has decided it: should it lose that, it is replayed. */
  readonly decided: (check: PlannedCheck, plan: CheckPlan, result: Decided) => void;
}

/** Checks and looks at a store that can be slow, frozen or gone. */
export class ResilientChecks {
  readonly #asked: AskedStore;
  readonly #local: LocalUsage;
  readonly #undecided: UndecidedChecks;
  readonly #decided: ResilientChecksOptions['decided'];

  constructor({ asked, local, undecided, decided }: ResilientChecksOptions) {
    this.#asked = asked;
    this.#local = local;
    this.#undecided = undecided;
    this.#decided = decided;
  }

  /** @throws QuotaError `operation-conflict`, `operation-refunded`, `overloaded` */
  decide(check: PlannedCheck): Answer<EngineDecision> {
    const { operation, amount, amounts, fairnessKey, plan, storeAway } = check;
    if (storeAway !== undefined) return this.#withoutStore(check, plan, notAsked(storeAway));
    const cause = this.#undecided.unrecorded(check);
    if (cause !== undefined) return this.#withoutStore(check, plan, notAsked(cause));

    const { store, asEnforced } = this.#asked;
    return inCurrentWindows<PlannedTake | Unavailable | Shed, EngineDecision>(
      check,
      store,
      (offered) => {
        const { counters } = offered;
        const take = (deadlineAt: Dispatch) =>
          store.take({ counters, asEnforced, operation, amount, amounts, deadlineAt, fairnessKey });
        return this.#asked.take(take, offered, check);
      },
      (offered, result) => this.#conclude(check, offered, result),
    );
  }

  /** @throws QuotaError `overloaded` */
  usage(read: Planned): Answer<Pick<Usage, 'limits' | 'degraded'>> {
    if (read.storeAway !== undefined) return this.#usageKnown(read.plan, read.storeAway);
    return inCurrentWindows<
      ReadResult<PlannedLimit> | Unavailable | Shed,
      Pick<Usage, 'limits' | 'degraded'>
    >(
      read,
      this.#asked.store,
      (offered) => this.#asked.read(offered),
      (offered, result) => {
        if (result.outcome === 'shed') throw this.#asked.shed();
        if ('counts' in result)
          return { limits: limitStates(this.#asked.known(result.counts), 1), degraded: null };
        return this.#usageKnown(offered, unavailableFor(result).cause);
      },
    );
  }

  #conclude(
    check: PlannedCheck,
    plan: CheckPlan,
    result: PlannedTake | Unavailable | Shed,
  ): Answer<EngineDecision> {
    const { outcome } = result;
    if (outcome !== 'taken' && outcome !== 'replayed' && outcome !== 'refused')
      return this.#withoutStore(check, plan, this.#asked.whyUndecided(result, plan, check.operationId));
    this.#decided(check, plan, result);
    const counts = this.#asked.known(result.counts);
    return decisionOf(check, { ...result, counts }, this.#asked.store.now());
  }

  #withoutStore(check: PlannedCheck, plan: CheckPlan, unavailable: Unavailable): Answer<EngineDecision> {
    const { operationId, operation, amount, amounts, rulesVersion, startedAt } = check;
    const undecided = { plan, operationId, operation, amount, amounts, unavailable, rulesVersion };
    this.#local.holds.expire(this.#asked.store.now());
    return this.#undecided.decide(undecided, this.#asked.answerBy(startedAt));
  }

  #usageKnown({ counters }: CheckPlan, cause: DegradedCause): Pick<Usage, 'limits' | 'degraded'> {
    const known = this.#local.countsAt(counters, this.#asked.store.now());
    return { limits: limitStates(known, 1), degraded: { cause } };
  }
}

type PlannedTake = TakeResult<PlannedLimit>;
