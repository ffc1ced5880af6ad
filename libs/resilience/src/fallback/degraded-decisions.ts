import {
  byPolicy,
  type DecisionContext,
  degradedBy,
  type NamedOperation,
  onDenyOf,
  picksOf,
  type Question,
  refused,
  replayed,
  strictestPolicy,
  taken,
  type WindowPick,
} from '@sundial/engine/ports';
import type { Decision, Degraded, DegradePolicy } from '@sundial/contract';
import type { LocalCounters, NodeShare } from './local-counters.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';
import type { Unavailable } from '../guard/unavailable.js';

/** A check that the store did not decide. */
export interface UndecidedCheck extends NamedOperation {
  readonly question: Question;
  readonly amount: number;
  readonly unavailable: Unavailable;
  readonly rulesVersion: number;
}

export interface DegradedDecision {
  readonly decision: Decision;
  /** What the store has to be told when it is back, if anything. */
  readonly debt: PendingSettlement | undefined;
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

  decide(check: UndecidedCheck, policy = termsOf(check.question).policy): DegradedDecision {
    const { question, operationId, operation, amount, unavailable, rulesVersion } = check;
    const degraded = degradedBy(unavailable.cause, policy);
    const { decision, picks } = this.#decideBy(degraded, check, {
      operationId,
      rulesVersion,
      degraded,
    });
    const { allowed } = decision;
    // A refused operation only matters to the books if it may have run all the same.
    if (amount === 0 || (!allowed && unavailable.fate === 'none')) return { decision, debt: undefined };
    const { counters } = question;
    const intent = allowed ? 'count' : 'void';
    const decidedAt = Math.round(this.#now());
    const settlement = { counters, operation, amount, intent, picks, decidedAt } as const;
    const { fate } = unavailable;
    const { resource, rules } = termsOf(question);
    const debt: PendingSettlement = {
      settlement,
      degraded,
      fate,
      decidedAt,
      resource,
      rules,
    };
    return { decision, debt };
  }

  /** Takes back what could not be written down in time. */
  takeBack({ settlement: { counters, picks, amount } }: PendingSettlement): void {
    this.#local.count(counters, picks, -amount);
  }

  /** Repeats that an operation was allowed, while only this node knows it. */
  repeat({ question, operationId, rulesVersion }: UndecidedCheck, degraded: Degraded): Decision {
    const counts = this.#local.counts(question.counters, this.#now());
    return replayed(counts, { operationId, rulesVersion, degraded });
  }

  #decideBy({ policy }: Degraded, { question, amount }: UndecidedCheck, context: DecisionContext): Outcome {
    const { counters } = question;
    const now = this.#now();
    if (policy === 'local') {
      const { outcome, counts } = this.#local.take(counters, amount, now, this.#share());
      const decision =
        outcome === 'taken' ? taken(counts, context) : refused(counts, context, { amount, now });
      return { decision, picks: picksOf(counts) };
    }
    const known = this.#local.counts(counters, now);
    const picks = picksOf(known);
    switch (policy) {
      case 'allow':
        this.#local.count(counters, picks, amount);
        return { decision: byPolicy(true, known, context), picks };
      case 'deny':
        return { decision: byPolicy(false, known, { ...context, onDeny: onDenyOf(question) }), picks };
      default:
        return policy satisfies never;
    }
  }
}

/** A decision, and which offered window of each limit it was made in. */
interface Outcome {
  readonly decision: Decision;
  readonly picks: readonly WindowPick[];
}

/** What all decisions about the same rules have in common: one object, for the journal writes it once for all of them. */
interface Terms {
  readonly policy: DegradePolicy;
  readonly resource: string;
  readonly rules: readonly string[];
}

function termsOf(question: Question): Terms {
  let terms = knownTerms.get(question.rules);
  if (terms === undefined) {
    const rules = question.rules.map(({ rule }) => rule);
    const { resource } = rules[0]!;
    terms = { policy: strictestPolicy(question), resource, rules: rules.map(({ id }) => id) };
    knownTerms.set(question.rules, terms);
  }
  return terms;
}

const knownTerms = new WeakMap<Question['rules'], Terms>();
