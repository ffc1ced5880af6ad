import type { QuotaObserver } from '@sundial/engine';

/** Injects what records the engine's events: it observes nothing while the ledger is off. */
export const QUOTA_RECORDER = Symbol('QuotaRecorder');
export type QuotaRecorder = QuotaObserver;

/** Injects the `EventLog`; null: the log has no events. */
export const EVENT_LOG = Symbol('EventLog');
