import { QuotaError, type DegradedCause, type Usage } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { decisionOf, limitStates } from '../decisions/decision.js';
import type { EngineStatus, QuotaObserver } from './observer.js';
import { then, type Answer } from '../stores/answer.js';
import type { ReadResult } from '../stores/read.js';
import type { Store } from '../stores/store.js';
import type { TakeResult } from '../stores/take.js';
import { inCurrentWindows } from './in-current-windows.js';
import { EMPTY_JOURNAL, type JournalStatus } from './journal-status.js';
import { UncertainIntervals } from './uncertain-intervals.js';
import { UncountedSubjects } from './uncounted-subjects.js';
import { DirectPacks } from './pack-runner.js';
import { DirectReports } from './direct-reports.js';
import { DirectReservations } from './direct-reservations.js';
import { drilledCheck } from './drilled-check.js';
import type { ReportRunner } from './report-runner.js';
import type { ReservationRunner } from './reservation-runner.js';
import type { Planned, PlannedCheck, Runner } from './runner.js';

/** What the store answers at once can't be late. */
const NO_DEADLINE = Infinity;

/** Asks a store in this process, at once: there is nothing to wait for, to guard or to settle afterwards. */
export class DirectRunner implements Runner {
  readonly #store: Store;
  readonly #uncounted: UncountedSubjects;
  /** What could not be read of what the store had kept. */
  readonly #intervals: UncertainIntervals;
  readonly backlogMs = 0;
  readonly reservations: ReservationRunner;
  readonly reports: ReportRunner;
  readonly packs: DirectPacks;

  constructor(
    store: Store,
    observer: Pick<QuotaObserver, 'findingChanged' | 'uncertain' | 'overAdmitted' | 'usageSettled'> = {},
  ) {
    this.#store = store;
    this.#uncounted = new UncountedSubjects(store);
    this.#intervals = new UncertainIntervals((interval) => observer.uncertain?.(interval));
    this.reservations = new DirectReservations(store);
    this.reports = new DirectReports(store, observer);
    this.packs = new DirectPacks(store);
    store.onFinding?.((finding, holds) => observer.findingChanged?.(finding, holds));
    store.onDataLoss?.((loss) => {
      if (loss.kind === 'unseen')
        this.#intervals.add({ from: loss.from, to: loss.to, reason: 'writes-lost', operations: 0 });
    });
  }

  get secret(): Store['secret'] {
    return this.#store.secret;
  }

  get looks(): Runner['looks'] {
    return this.#store;
  }

  now(): number {
    return this.#store.now();
  }

  decide(check: PlannedCheck): Answer<EngineDecision> {
    if (check.storeAway !== undefined) return this.#drilled(check, check.storeAway);
    const { operation, amount, amounts, fairnessKey } = check;
    return inCurrentWindows<TakeResult<PlannedLimit>, EngineDecision>(
      check,
      this.#store,
      ({ counters }) =>
        this.#store.take({ counters, operation, amount, amounts, fairnessKey, deadlineAt: NO_DEADLINE }),
      (plan, result) => {
        if (result.outcome === 'full') return this.#uncounted.decide(check, plan, result.counts);
        if (result.outcome === 'too-many-holds') throw undecided(result.outcome);
        if ('counts' in result) return decisionOf(check, result, this.#store.now());
        if (result.outcome === 'conflict') throw QuotaError.conflict(check.operationId);
        if (result.outcome === 'refunded') throw QuotaError.refunded(check.operationId);
        throw undecided(result.outcome);
      },
    );
  }

  usage(read: Planned): Answer<Pick<Usage, 'limits' | 'degraded'>> {
    return inCurrentWindows<ReadResult<PlannedLimit>, Pick<Usage, 'limits' | 'degraded'>>(
      read,
      this.#store,
      ({ counters }) => this.#store.read({ counters }),
      (_plan, result) => {
        if (!('counts' in result)) throw undecided(result.outcome);
        const { storeAway: cause } = read;
        return { limits: limitStates(result.counts, 1), degraded: cause === undefined ? null : { cause } };
      },
    );
  }

  #drilled(check: PlannedCheck, cause: DegradedCause): Answer<EngineDecision> {
    const drilled = drilledCheck(check, cause);
    return drilled.refusal ?? then(this.decide(drilled.check), (decision) => drilled.shown(decision));
  }

  status(): EngineStatus {
    const { kind: store, findings = [], capacity = null } = this.#store;
    return {
      store,
      findings,
      capacity,
      ...NOTHING_AMISS,
      clockOffsetMs: Math.round(this.#store.now() - Date.now()),
    };
  }

  journal(): JournalStatus {
    return { ...EMPTY_JOURNAL, uncertainIntervals: this.#intervals.all };
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

const NOTHING_AMISS = {
  mode: 'exact',
  cause: null,
  breaker: 'closed',
  openShards: [],
  inFlight: 0,
  pending: 0,
  lost: 0,
} as const;

/** Its clock jumped over two windows within one call, twice. */
function undecided(outcome: string): QuotaError {
  return new QuotaError('store-unavailable', `The store in this process did not decide: ${outcome}.`);
}
