import type { CheckRequest, Decision, DegradedCause, LimitState } from '@sundial/contract';
import { Inject, Injectable } from '@nestjs/common';
import type {
  BrokenKey,
  QuotaObserver,
  RuleBook,
  StoreCondition,
  StoreMode,
  UnverifiableSpan,
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
  readonly #broken = new Tally('resource');
  readonly #duration: Histogram;
  readonly #shed: Counter;

  constructor(
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'sundial_check_duration_seconds',
      help: 'From the call of check to its decision',
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#shed = new Counter({
      name: 'sundial_checks_shed_total',
      help: 'Checks that were begun or in a batch and given up because the node had too many; not counted',
      registers,
    });
    const counter = (name: string, help: string, tally: Tally) =>
      new Counter({ name, help, labelNames: tally.labels, registers, collect: tally.collector });
    counter('sundial_decisions_total', 'Decisions by rule that took part and what it said', this.#decisions);
    counter('sundial_checks_total', 'Checks by the reason of their answer', this.#checks);
    counter(
      'sundial_no_rule_checks_total',
      'Checks of a resource that no rule counts, by the known resource that is called nearly so',
      this.#unknown,
    );
    counter(
      'sundial_broken_keys_total',
      'Checks that met a key which Sundial did not write, by resource',
      this.#broken,
    );
    counter('sundial_degraded_decisions_total', 'Decisions made without the store', this.#degraded);
    counter('sundial_store_transitions_total', 'Changes of the store mode, by the new one', this.#modes);
  }

  decided(_request: CheckRequest, decision: Decision, elapsedMs: number): void {
    this.#duration.observe(elapsedMs / 1000);
    this.#checks.count(decision.reason);
    if (decision.reason === 'no-rule') this.#unknown.count(decision.hint ?? '');
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

  modeChanged(mode: StoreMode, cause: DegradedCause | null): void {
    this.#modes.count(mode);
    if (mode === 'exact') this.log.info({ mode }, 'the store decides again');
    else this.log.warn({ mode, cause }, "the store cannot be asked: the rules' degrade policies decide");
  }

  conditionChanged({ sentence, ...condition }: StoreCondition, holds: boolean): void {
    if (!holds) this.log.info(condition, `no longer: ${sentence}`);
    else if (condition.severity === 'refuse') this.log.error(condition, sentence);
    else this.log.warn(condition, sentence);
  }

  keyBroken(broken: BrokenKey): void {
    this.#broken.count(broken.resource, '', broken.checks);
    this.log.error(broken, 'a key of these rules holds what Sundial did not write: see docs/redis.md');
  }

  unverifiable({ from, to, ...span }: UnverifiableSpan): void {
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    this.log.error({ ...span, ...times }, 'counters of this interval may be wrong: see GET /admin/journal');
  }

  /** Rules and resources that are gone would stay in the counts for ever. */
  forgetAllBut(book: Pick<RuleBook, 'byId' | 'knows'>): void {
    this.#decisions.keep((rule) => book.byId(rule) !== undefined);
    this.#unknown.keep((nearest) => nearest === '' || book.knows(nearest));
    this.#broken.keep((resource) => book.knows(resource));
  }
}

/** Of one rule: the limits from `first` up to `next`. */
function outcomeOf(decision: Decision, limits: readonly LimitState[], first: number, next: number): Outcome {
  if (decision.degraded) return decision.allowed ? 'degraded-allowed' : 'degraded-denied';
  if (decision.replayed) return 'replayed';
  for (let index = first; index < next; index++) {
    const limit = limits[index];
    if (limit?.exceeded) return limit.mode === 'observe' ? 'would-deny' : 'denied';
  }
  return decision.allowed ? 'allowed' : 'spared';
}
