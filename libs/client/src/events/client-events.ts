import type { DecisionGate } from '@sundial/contract';
import type { FailureCause } from '../answers/outcome.js';

/** What a `QuotaClient` tells its listeners. */
export interface QuotaClientEvents {
  /** Every HTTP request that ended, probes left out. */
  attempt: {
    readonly endpoint: string;
    readonly path: string;
    /** 1 for the first of its call. */
    readonly attempt: number;
    readonly durationMs: number;
    readonly outcome: 'answered' | 'refused' | FailureCause;
    readonly status: number | undefined;
  };
  /** An operation was decided by the fallback, or an ending or a question was answered without a service. */
  degraded: {
    readonly verb: Verb;
    readonly resource: string;
    readonly operationId: string;
    readonly cause: FailureCause;
    readonly detail: string;
    readonly status: number | undefined;
    readonly code: string | undefined;
    /** Null where nothing was decided. */
    readonly policy: 'allow' | 'deny' | null;
    /** The operator's gate that decided, in place of the fallback. */
    readonly gate: DecisionGate['state'] | null;
    readonly attempted: boolean;
  };
  /** The endpoint failed 3 times in a row, or once after a probe had let it back; it is probed aside. */
  endpointSkipped: {
    readonly endpoint: string;
    /** The one resource whose calls failed there, and are the only ones that skip it; null: all do. */
    readonly resource: string | null;
    readonly cause: FailureCause;
    readonly detail: string;
  };
  /** A probe found it well. */
  endpointRestored: { readonly endpoint: string; readonly skippedMs: number };
  /** Reports and endings that the service has now, by outcome. */
  delivered: { readonly outcomes: Readonly<Record<string, number>> };
  /** One that the service will never take (`final`), or why none is delivered now. */
  deliveryRefused: { readonly operationId: string | null; readonly detail: string; readonly final: boolean };
  /** The journal kept nothing of this operation (`full`), or has it in memory alone (`file`). */
  journalFailed: { readonly problem: 'full' | 'file'; readonly detail: string };
  alarm: ClientAlarm;
}

export type Verb =
  | 'check'
  | 'checkBatch'
  | 'usage'
  | 'reserve'
  | 'commit'
  | 'release'
  | 'extend'
  | 'reservation'
  | 'refund'
  | 'returnUnits';

/**
 * Something that an operator should know, once and not once a call. `calls-failing` begins (`raised`) and ends (`cleared`);
 * `journal-full` and `journal-file` are `noted`, each at most once a minute.
 */
export interface ClientAlarm {
  readonly name: 'calls-failing' | 'journal-full' | 'journal-file';
  readonly state: 'raised' | 'cleared' | 'noted';
  readonly severity: 'error' | 'warn' | 'info';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type Listener<Name extends keyof QuotaClientEvents> = (event: QuotaClientEvents[Name]) => void;

/** Typed events. A listener that throws becomes a process warning: it must not fail the call that it hears of. */
export class ClientEvents {
  readonly #listeners = new Map<string, Set<Listener<never>>>();

  /** Returns what ends it. */
  on<Name extends keyof QuotaClientEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as Listener<never>);
    return () => listeners.delete(listener as Listener<never>);
  }

  emit<Name extends keyof QuotaClientEvents>(name: Name, event: QuotaClientEvents[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      guarded(`A listener of '${name}'`, () => (listener as Listener<Name>)(event));
    }
  }
}

/** Of code that throws at each call, a warning so often. */
const WARNING_PAUSE_MS = 60_000;
const warnedAt = new Map<string, number>();

/** Runs the caller's own code, which must not fail a call of the client. Undefined where it threw. */
export function guarded<T>(whose: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    const now = performance.now();
    if (now - (warnedAt.get(whose) ?? -Infinity) < WARNING_PAUSE_MS) return undefined;
    warnedAt.set(whose, now);
    process.emitWarning(`${whose} threw ${String(error)}`, 'SundialClientWarning');
    return undefined;
  }
}
