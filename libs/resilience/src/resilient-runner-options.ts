import type { QuotaObserver, Store } from '@sundial/engine';
import type { NodeShare } from './fallback/local-counters.js';
import type { Journal } from './journal/journal.js';

export interface ResilientRunnerOptions {
  readonly store: Store;
  /** How long an answer may take, from the call of the verb; the store gets a tenth less, 5 ms at most. Default 50. */
  readonly deadlineMs?: number;
  /** Who shares what remains under policy `local`. Default: this node alone. */
  readonly nodes?: () => NodeShare;
  /** Keeps what is decided without the store over a restart. The runner closes it. Default: memory only. */
  readonly journal?: Journal | undefined;
  readonly observer?: QuotaObserver;
  /** Whether a drill says that the store is away for a resource: what was decided then is settled when it is over. */
  readonly isDrilled?: ((resource: string) => boolean) | undefined;
}

export const DEFAULT_DEADLINE_MS = 50;
