import type { DegradedCause, Rule, Subject, Usage } from '@sundial/contract';
import type { EngineDecision } from '../decisions/counted-limit.js';
import type { CheckPlan, Planner } from '../decisions/check-planner.js';
import type { EngineStatus } from './observer.js';
import type { Amounts } from '../operations/amounts.js';
import type { NamedOperation } from '../operations/operation-ids.js';
import type { SharedSecret } from '../operations/secret.js';
import type { Answer } from '../stores/answer.js';
import type { Store } from '../stores/store.js';
import type { JournalStatus } from './journal-status.js';
import type { PackRunner } from './pack-runner.js';
import type { ReportRunner } from './report-runner.js';
import type { ReservationRunner } from './reservation-runner.js';

/**
 * Gets planned checks their decisions from a store. `DirectRunner` asks a store in this process, which is never away;
 * `ResilientRunner` (`@sundial/resilience`) one that can be slow, frozen or gone. The engine does not know which it has.
 */
export interface Runner {
  readonly reservations: ReservationRunner;
  readonly reports: ReportRunner;
  readonly packs: PackRunner;
  /** What all nodes that count in the store know, and no caller. */
  readonly secret: SharedSecret;
  /** The store's clock as far as this node knows it, epoch milliseconds. */
  now(): number;
  /**
   * Decides and counts.
   * @throws QuotaError `operation-conflict`, or `overloaded` where the check could not be sent in time; nothing was counted.
   */
  decide(check: PlannedCheck): Answer<EngineDecision>;
  /** Looks and writes nothing. @throws QuotaError `overloaded` */
  usage(read: Planned): Answer<Pick<Usage, 'limits' | 'degraded'>>;
  /** What operators look for. It waits for no turn and has no deadline; rejects with a `StoreError` where the store is away. */
  readonly looks: Pick<Store, 'scan' | 'liveHolds' | 'read'>;
  /** How long checks that were begun have waited to be sent, in milliseconds; 0 where none waits. */
  readonly backlogMs: number;
  status(): EngineStatus;
  /** What was decided without the store, and what became of it. */
  journal(): JournalStatus;
  /** Closes the store too. */
  close(): Promise<void>;
}

/** Rules of a resource and a subject, in the windows that the store's clock was likely in when it was planned. */
export interface Planned {
  /** Plans it again where the store's clock says that it is in other windows. */
  readonly planner: Planner;
  /** At least one. */
  readonly rules: readonly Rule[];
  readonly subject: Subject;
  readonly plan: CheckPlan;
  /** Only in a drill: it is decided as if the store were away for this reason. */
  readonly storeAway?: DegradedCause | undefined;
}

export interface PlannedCheck extends Planned, NamedOperation, Amounts {
  readonly rulesVersion: number;
  /** Checks of one key that wait for the store are taken in turn with those of other keys. */
  readonly fairnessKey: string;
  /** When the caller asked, monotonic milliseconds. */
  readonly startedAt: number;
}
