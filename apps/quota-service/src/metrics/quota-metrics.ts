import type { CheckRequest, Decision, DegradedCause, LimitState } from '@sundial/contract';
import { Inject, Injectable } from '@nestjs/common';
import type {
  ControlChange,
  DrillEffect,
  WrongTypeKey,
  QuotaObserver,
  ReportTally,
  RuleBook,
  StoreFinding,
  StoreMode,
  UncertainInterval,
} from '@sundial/engine';
import { Counter, Histogram, Registry } from 'prom-client';
import { LOG, type Log } from '../logging/log.js';
import { Tally } from './tally.js';

/** Seconds. Around the deadline (50 ms by default) they are closest. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.065, 0.1, 0.25, 1];

/**
 * What became of a check under one rule. `denied`: this rule refused. `spared`: it had room, but another one refused,
 * so nothing was counted. `would-deny`: it only observes, and would have refused.
 */
type Outcome =
  'allowed' | 'denied' | 'spared' | 'would-deny' | 'replayed' | 'degraded-allowed' | 'degraded-denied';

/** What was decided since the start. */
export interface DecisionTotals {
  readonly allowed: number;
  readonly denied: number;
  /** Without the store, whatever came of it: part of neither of the others. */
  readonly degradedAllowed: number;
  readonly degradedDenied: number;
  /** Checks that the node gave up. */
  readonly shed: number;
  /** How many took so long at most: seconds, in order, the last one infinite. */
  readonly durations: readonly { readonly atMost: number; readonly count: number }[];
}

/** What was decided under one rule since the start. */
export interface RuleTotals {
  readonly allowed: number;
  readonly denied: number;
  readonly wouldDeny: number;
}

/**
 * Counts decisions for Prometheus, and logs when the store's state changes. A check adds to plain numbers; they
 * become metrics when Prometheus scrapes. Every degraded decision is counted (I14).
 */
@Injectable()
export class QuotaMetrics implements QuotaObserver {
  readonly #decisions = new Tally('rule', 'outcome');
  readonly #checks = new Tally('reason');
  readonly #degraded = new Tally('cause', 'policy');
  readonly #modes = new Tally('mode');
  /** By resources that rules name, and in `#unknown` one for all others. */
  readonly #unknown = new Tally('nearest');
  readonly #wrongTypeKey = new Tally('resource');
  readonly #gates = new Tally('state');
  readonly #braked = new Tally('resource');
  readonly #drilled = new Tally('effect');
  readonly #reports = new Tally('outcome');
  readonly #totals = { allowed: 0, denied: 0, degradedAllowed: 0, degradedDenied: 0 };
  readonly #duration: Histogram;
  readonly #shed: Counter;

  constructor(
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'sundial_check_duration_seconds',
      help: 'Time from the call of check to its decision',
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#shed = new Counter({
      name: 'sundial_checks_shed_total',
      help: 'Checks that the node gave up because it had too many; nothing was counted',
      registers,
    });
    const counter = (name: string, help: string, tally: Tally) =>
      new Counter({ name, help, labelNames: tally.labels, registers, collect: tally.collector });
    counter('sundial_decisions_total', 'Decisions by rule, and by what that rule said', this.#decisions);
    counter('sundial_checks_total', 'Checks by the reason of the decision', this.#checks);
    counter(
      'sundial_no_rule_checks_total',
      'Checks of a resource without rules, by the known resource with the most similar name',
      this.#unknown,
    );
    counter(
      'sundial_wrong_type_keys_total',
      'Checks that met a wrong-type key (one that Sundial did not write), by resource',
      this.#wrongTypeKey,
    );
    counter('sundial_gate_decisions_total', 'Decisions under a gate, by its state', this.#gates);
    counter('sundial_braked_total', 'Operations that a brake turned away, by resource', this.#braked);
    counter('sundial_drill_faults_total', 'Calls that met a drill, by what became of them', this.#drilled);
    counter('sundial_degraded_decisions_total', 'Decisions made without the store', this.#degraded);
    counter(
      'sundial_reports_total',
      'Operations that clients decided without a service and reported, by what became of the report',
      this.#reports,
    );
    counter('sundial_store_transitions_total', 'Changes of the store mode, by the new mode', this.#modes);
  }

  decided({ resource }: CheckRequest, decision: Decision, elapsedMs: number): void {
    this.#duration.observe(elapsedMs / 1000);
    this.#checks.count(decision.reason);
    this.#totals[totalOf(decision)]++;
    if (decision.reason === 'no-rule') this.#unknown.count(decision.hint ?? '');
    if (decision.gate) this.#gates.count(decision.gate.state);
    else if (decision.reason === 'braked') this.#braked.count(resource);
    if (decision.degraded) this.#degraded.count(decision.degraded.cause, decision.degraded.policy);
    let first = 0;
    for (let next = 1; next <= decision.limits.length; next++) {
      const rule = decision.limits[first]?.rule;
      if (rule === undefined || decision.limits[next]?.rule === rule) continue;
      this.#decisions.count(rule, outcomeOf(decision, decision.limits, first, next));
      first = next;
    }
  }

  shed(checks: number): void {
    this.#shed.inc(checks);
  }

  drilled(_resource: string, effect: DrillEffect | 'store-away'): void {
    this.#drilled.count(effect);
  }

  controlChanged({ sentence, ...change }: ControlChange): void {
    if (change.change === 'set') this.log.warn(change, sentence);
    else this.log.info(change, `no longer: ${sentence}`);
  }

  modeChanged(mode: StoreMode, cause: DegradedCause | null): void {
    this.#modes.count(mode);
    if (mode === 'exact') this.log.info({ mode }, 'the store decides again');
    else this.log.warn({ mode, cause }, "the store cannot be asked: the rules' degrade policies decide");
  }

  findingChanged({ sentence, ...finding }: StoreFinding, holds: boolean): void {
    if (!holds) this.log.info(finding, `resolved: ${sentence}`);
    else if (finding.severity === 'refuse') this.log.error(finding, sentence);
    else this.log.warn(finding, sentence);
  }

  wrongTypeKey(wrongTypeKey: WrongTypeKey): void {
    this.#wrongTypeKey.count(wrongTypeKey.resource, '', wrongTypeKey.checks);
    this.log.error(
      wrongTypeKey,
      'a wrong-type key: a key of these rules holds what Sundial did not write; see docs/redis.md',
    );
  }

  uncertain({ from, to, ...interval }: UncertainInterval): void {
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    this.log.error(
      { ...interval, ...times },
      'counters of this interval may be wrong: see GET /admin/journal',
    );
  }

  reported(tally: ReportTally): void {
    for (const [outcome, { count, first }] of tally) {
      this.#reports.count(outcome, '', count);
      if (outcome !== 'late' && outcome !== 'conflict') continue;
      const { operationId, resource, decidedAt, allowed } = first;
      const example = { operationId, resource, decidedAt, allowed };
      this.log.warn({ outcome, reports: count, first: example }, UNCOUNTED_REPORTS[outcome]);
    }
  }

  /** The same counts, for the page that shows them as they grow. */
  async totals(): Promise<DecisionTotals> {
    const [durations, shed] = await Promise.all([this.#duration.get(), this.#shed.get()]);
    return {
      ...this.#totals,
      shed: shed.values[0]?.value ?? 0,
      durations: durations.values.flatMap(({ labels: { le }, value: count }) =>
        le === undefined ? [] : [{ atMost: le === '+Inf' ? Infinity : Number(le), count }],
      ),
    };
  }

  /** The same counts of one rule. */
  ofRule(rule: string): RuleTotals {
    const count = (outcome: Outcome) => this.#decisions.of(rule, outcome);
    return {
      allowed: count('allowed') + count('degraded-allowed'),
      denied: count('denied') + count('degraded-denied'),
      wouldDeny: count('would-deny'),
    };
  }

  /** Rules and resources that are gone would stay in the counts for ever. */
  forgetAllBut(book: Pick<RuleBook, 'byId' | 'knows'>): void {
    this.#decisions.keep((rule) => book.byId(rule) !== undefined);
    this.#unknown.keep((nearest) => nearest === '' || book.knows(nearest));
    this.#wrongTypeKey.keep((resource) => book.knows(resource));
    this.#braked.keep((resource) => book.knows(resource));
  }
}

const UNCOUNTED_REPORTS = {
  late: 'a client reported what it decided too late for it to be counted: the counters may be lower than what was allowed',
  conflict:
    'a client reported operations that cannot be counted: their ids are of other operations, or a rule counts by an attribute that their subjects lack',
} as const;

function totalOf({ allowed, degraded }: Decision): keyof Omit<DecisionTotals, 'shed' | 'durations'> {
  if (degraded) return allowed ? 'degradedAllowed' : 'degradedDenied';
  return allowed ? 'allowed' : 'denied';
}

/** Of one rule: the limits from `first` up to `next`. */
function outcomeOf(decision: Decision, limits: readonly LimitState[], first: number, next: number): Outcome {
  if (decision.degraded) return decision.allowed ? 'degraded-allowed' : 'degraded-denied';
  if (decision.replayed) return 'replayed';
  for (let index = first; index < next; index++) {
    const limit = limits[index];
    if (limit?.exceeded && limit.soft !== true) return limit.mode === 'observe' ? 'would-deny' : 'denied';
  }
  return decision.allowed ? 'allowed' : 'spared';
}
