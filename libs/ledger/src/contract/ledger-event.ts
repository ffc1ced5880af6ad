import type { Subject } from '@sundial/contract';

/** What a line of the ledger is about. */
export const LEDGER_EVENT_KINDS = [
  'check',
  'reserve',
  'commit',
  'release',
  'extend',
  'expire',
  'refund',
  'return',
  'settlement',
  'report',
  'receipt',
  'admin',
  'control',
  'alarm',
  'mode',
  'threshold',
  'delivery',
  'gap',
  'node',
] as const;
export type LedgerEventKind = (typeof LEDGER_EVENT_KINDS)[number];

/** The kinds that are kept beyond their day. */
export const PERMANENT_KINDS: ReadonlySet<string> = new Set<LedgerEventKind>([
  'admin',
  'control',
  'gap',
  'alarm',
  'mode',
  'node',
]);

/** Why events are missing from the ledger. */
export type GapCause = 'queue-full' | 'database-away' | 'disk-full' | 'killed' | 'retention';

/** One limit as a decision or an ending left it: what usage history is made of. */
export interface LedgerLimit {
  readonly rule: string;
  /** As the rule wrote it: a unit, or the JSON of a longer form. */
  readonly window: string;
  readonly meter: string;
  readonly used: number;
  readonly reserved?: number | undefined;
  /** `null`: unlimited. */
  readonly max: number | null;
  /** Epoch ms; `null` for a window without a start (`total`, `concurrent`). */
  readonly startsAt: number | null;
  readonly resetsAt?: number | null;
  /** The attributes that the rule counts by; absent: all of the event's subject. */
  readonly per?: readonly string[] | undefined;
  readonly exceeded?: boolean | undefined;
}

/** What else is known of an event. Small JSON; an event above 64 KiB is recorded without it. */
export interface LedgerData {
  readonly reason?: string;
  readonly replayed?: boolean | undefined;
  /** Set where the store did not decide. */
  readonly degraded?: { readonly cause: string; readonly policy: string } | null | undefined;
  readonly amounts?: Readonly<Record<string, number>>;
  readonly limits?: readonly LedgerLimit[] | undefined;
  /** Of a settlement or report: when the operation was decided, epoch ms. It counts in the outage of that time. */
  readonly decidedAt?: number;
  /** Of an admin write: what was changed (a rule's id, a resource, a key), and how. */
  readonly target?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Of a gap: the time it covers, epoch ms. */
  readonly from?: number;
  readonly to?: number;
  readonly [more: string]: unknown;
}

/** What happened, as the node that saw it says it. */
export interface LedgerEvent {
  /** The store's clock, epoch ms. */
  readonly at: number;
  readonly kind: LedgerEventKind;
  /**
   * check, reserve, extend: `allowed` or `denied`; an ending: the state; settlement, report: `counted`, `voided`, `late` …; admin: the action;
   * alarm: `raised` or `cleared`; mode: `degraded` or `exact`; gap: why (`GapCause`).
   */
  readonly outcome: string;
  readonly resource?: string;
  readonly subject?: Subject;
  readonly operationId?: string;
  /** Whose key asked for it. */
  readonly actor?: string;
  /** How many it stands for, 1 where absent: refusals of one subject beyond 10 a minute are one row; a gap's is what was lost. */
  readonly count?: number;
  readonly data?: LedgerData;
}

/** One line of the ledger. */
export interface RecordedEvent extends LedgerEvent {
  /** Unique, and in the order of writing when compared as text; opaque. */
  readonly id: string;
  /** The name of the node that recorded it. */
  readonly node: string;
  readonly count: number;
}
