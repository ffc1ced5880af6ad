import { byPolicy, refused, taken } from '../decisions/decision.js';
import type { Question } from '../decisions/question.js';
import type { CheckRequest, Decision, DegradePolicy } from '../quota.js';
import type { Operation, SettleRequest, WindowPick } from '../stores/store.js';
import type { LocalCounters} from './local-counters.js';
import { type NodeShare } from './local-counters.js';
import type { Unavailable } from './store-guard.js';

/** A check that the store did not decide. */
export interface UndecidedCheck {
  readonly request: CheckRequest;
  readonly question: Question;
  readonly operation: Operation;
  readonly amount: number;
  readonly unavailable: Unavailable;
  readonly rulesVersion: number;
}

export interface DegradedDecision {
  readonly decision: Decision;
  /** What the store has to be told when it is back, if anything. */
  readonly settlement: SettleRequest | undefined;
}

/** Decides by the rules' policies what the store could not decide. */
export class DegradedDecisions {
  readonly #local: LocalCounters;
  readonly #now: () => number;
  readonly #share: () => NodeShare;

  constructor(options: {
    readonly local: LocalCounters;
    readonly now: () => number;
    readonly share: () => NodeShare;
  }) {
    this.#local = options.local;
    this.#now = options.now;
    this.#share = options.share;
  }

  decide(check: UndecidedCheck): DegradedDecision {
    const policy = strictestPolicy(check.question);
    const decision = this.#decideBy(policy, check);
    return { decision, settlement: settlementOf(check, decision) };
  }

  #decideBy(
    policy: DegradePolicy,
    { question, operation, amount, unavailable, rulesVersion }: UndecidedCheck,
  ): Decision {
    const context = {
      operationId: operation.id,
      rulesVersion,
      degraded: { cause: unavailable.cause, policy },
    };
    const now = this.#now();
    const known = {
      rules: question.rules,
      counts: this.#local.counts(question.counters, now, this.#share()),
    };
    switch (policy) {
      case 'allow':
        return byPolicy(true, known, context);
      case 'deny':
        return byPolicy(false, known, { ...context, onDeny: onDenyOf(question) });
      case 'local': {
        const { outcome, counts } = this.#local.take(question.counters, amount, now, this.#share());
        if (outcome === 'taken') return taken(question.rules, counts, context);
        return refused(question.rules, counts, { ...context, amount, now });
      }
      default:
        return policy satisfies never;
    }
  }
}

/** Rules that only observe have no say. */
function strictestPolicy({ rules }: Question): DegradePolicy {
  const policies = rules.filter(({ rule }) => rule.mode === 'enforce').map(({ rule }) => rule.degrade);
  if (policies.includes('deny')) return 'deny';
  return policies.includes('local') ? 'local' : 'allow';
}

function onDenyOf({ rules }: Question) {
  return rules.find(({ rule }) => rule.degrade === 'deny' && rule.onDeny)?.rule.onDeny;
}

/** An allowed operation is to be counted; a refused one only matters if it may have run all the same. */
function settlementOf(check: UndecidedCheck, { allowed }: Decision): SettleRequest | undefined {
  const { question, operation, amount, unavailable } = check;
  if (amount === 0 || (!allowed && unavailable.fate === 'none')) return undefined;
  const picks = question.counters.flatMap(({ ladder }) => ladder.map((): WindowPick => 0));
  return { counters: question.counters, operation, amount, intent: allowed ? 'count' : 'void', picks };
}
