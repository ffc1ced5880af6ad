import type { EngineStatus, StoreFinding } from '@sundial/engine';
import type { FileFinding } from '@sundial/embedded';

/** What load balancers and operators are answered. */
export interface Readiness {
  readonly status: 'ready' | 'shutting-down';
  readonly store: {
    readonly kind: EngineStatus['store'];
    readonly mode: EngineStatus['mode'];
    readonly cause: EngineStatus['cause'];
    readonly breaker: EngineStatus['breaker'];
    /** Degraded decisions that the store has not acknowledged yet. */
    readonly pending: number;
    /** Findings about Redis. */
    readonly conditions: readonly ShownFinding[];
  };
  /** All findings: about the store, about the files of this node, and about its ledger. */
  readonly conditions: readonly (
    ShownFinding | ReturnType<typeof shownOfFile> | ReturnType<typeof shownOfLedger>
  )[];
  readonly rules: { readonly version: number; readonly provisional: boolean };
  readonly nodes: { readonly live: number };
  /** The edition of the time-zone data: calendars of nodes with different ones may differ. */
  readonly tzdata: string;
}

type ShownFinding = ReturnType<typeof shown>;

/** A finding about the store; `conditions` name it by `condition`. */
export function shown({ finding, server: _, ...rest }: StoreFinding) {
  return { condition: finding, ...rest };
}

/** The same of one about the ledger. Checks go on whatever becomes of it. */
export function shownOfLedger(sentence: string) {
  return { condition: 'ledger', severity: 'warn', sentence } as const;
}

/** The same of one about a file. */
export function shownOfFile({ finding, ...rest }: FileFinding) {
  return { condition: finding, ...rest };
}
