import type { Subject } from '@sundial/contract';
import type { LedgerEventKind, RecordedEvent } from './ledger-event.js';

/** Which part of an answer is wanted. A cursor stays right while events are added: no row is shown twice, none that was there is left out. */
export interface LedgerPage {
  /** `next` of the page before. */
  readonly cursor?: string;
  /** 1 to 1,000; 100 where absent. */
  readonly limit?: number;
  /** `newest` first where absent. */
  readonly order?: 'newest' | 'oldest';
}

export interface LedgerRows<T> {
  readonly rows: readonly T[];
  /** Absent at the end. */
  readonly next?: string;
}

/** Epoch ms: `from` included, `to` not. */
export interface LedgerSpan {
  readonly from?: number;
  readonly to?: number;
}

export interface DecisionFilter extends LedgerSpan {
  readonly resource?: string;
  /** Rows whose subject has all these attributes. */
  readonly subject?: Subject;
  /** `allowed`, `denied`, `degraded`, `replayed`, or a reason. */
  readonly outcome?: string;
  readonly node?: string;
}

export interface AuditFilter extends LedgerSpan {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
}

export interface EventFilter extends LedgerSpan {
  readonly kinds?: readonly LedgerEventKind[];
  readonly resource?: string;
  readonly subject?: Subject;
  readonly node?: string;
}

export interface UsageHistoryFilter extends LedgerSpan {
  /** Of the counters that count this subject: those of some of its attributes, as `GET /usage` shows them. */
  readonly subject: Subject;
  readonly window?: string;
  readonly rule?: string;
  readonly meter?: string;
}

/** One window of one counter, as it was last seen. */
export interface UsageWindow {
  readonly rule: string;
  readonly resource: string;
  readonly subject: Subject;
  readonly window: string;
  readonly meter: string;
  readonly startsAt: number | null;
  readonly resetsAt: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly max: number | null;
  readonly allowed: number;
  readonly denied: number;
  /** When it was last seen, epoch ms. */
  readonly seenAt: number;
}

export interface TopFilter extends LedgerSpan {
  readonly by: 'used' | 'denied';
  readonly resource?: string;
  /** What `used` adds up; `units` where absent. */
  readonly meter?: string;
}

/** One subject's sums over the UTC days that the span touches. */
export interface TopSubject {
  readonly resource: string;
  readonly subject: Subject;
  readonly used: number;
  readonly allowed: number;
  readonly denied: number;
}

/** Of how a value begins, and of which attribute it is: of any where `name` is absent. */
export interface SubjectWord {
  readonly name?: string;
  readonly value: string;
}

/** A subject that a rule counted. */
export interface FoundSubject {
  readonly subject: Subject;
  /** When it was last seen, epoch ms; up to a day too early. */
  readonly seenAt: number;
}

/** A time in which a node decided without the store. */
export interface Outage {
  readonly node: string;
  readonly from: number;
  /** `null` while it lasts. */
  readonly to: number | null;
  readonly allowed: number;
  readonly denied: number;
  /** What became of the allowed ones, e.g. `{ counted: 12, voided: 1 }`; the others are still pending, or lost with their node. */
  readonly settled: Readonly<Record<string, number>>;
}

/** A decision made in an outage, and what was recorded of its operation afterwards. */
export interface AffectedDecision {
  readonly decision: RecordedEvent;
  readonly afterwards: readonly RecordedEvent[];
}

/** How much was decided about a resource, as the alarm `volume` counts it. */
export interface HourlyVolume {
  readonly resource: string;
  /** In the current five minutes and the 11 before them. */
  readonly decisions: number;
  /** In the same 12 of a day before. */
  readonly yesterday: number;
}

/** A node that writes to the ledger, or did. */
export interface LedgerWriterState {
  readonly node: string;
  /** When it wrote last, by its own clock, epoch ms. */
  readonly flushedAt: number;
  /** It said that it stopped, and nothing of it is missing. */
  readonly hasEnded: boolean;
}

export interface DeletedSubjectData {
  readonly events: number;
  readonly windows: number;
}

/** Every question rejects with `LedgerUnavailableError` while the database is away, and with `LedgerCursorError` for a cursor that is none. */
export interface LedgerQuestions {
  /** Everything known of one operation id, in every scope it was used in, oldest first; at most 10,000 rows. */
  operation(operationId: string): Promise<readonly RecordedEvent[]>;
  /** Checks, reserves and extends. */
  decisions(filter?: DecisionFilter, page?: LedgerPage): Promise<LedgerRows<RecordedEvent>>;
  /** Admin writes and controls. */
  audit(filter?: AuditFilter, page?: LedgerPage): Promise<LedgerRows<RecordedEvent>>;
  /** Events of any kind; `page.order` `oldest` with a cursor reads on from there: `next` is set on every page, also on an empty one. */
  events(filter?: EventFilter, page?: LedgerPage): Promise<LedgerRows<RecordedEvent>>;
  usageHistory(filter: UsageHistoryFilter, page?: LedgerPage): Promise<LedgerRows<UsageWindow>>;
  top(filter: TopFilter, page?: Pick<LedgerPage, 'limit'>): Promise<LedgerRows<TopSubject>>;
  /** Subjects that rules counted in the last 400 days, for which every word is right; in the order of the value that the first one finds. */
  subjects(
    words: readonly SubjectWord[],
    page?: Pick<LedgerPage, 'limit'>,
  ): Promise<LedgerRows<FoundSubject>>;
  outages(filter?: LedgerSpan, page?: LedgerPage): Promise<LedgerRows<Outage>>;
  affected(
    outage: Pick<Outage, 'node' | 'from' | 'to'>,
    page?: LedgerPage,
  ): Promise<LedgerRows<AffectedDecision>>;
  /** Every event of a subject that has these attributes, oldest first. */
  exportSubject(subject: Subject, page?: LedgerPage): Promise<LedgerRows<RecordedEvent>>;
  /** Deletes them, and the windows of usage history, on every day. */
  deleteSubject(subject: Subject): Promise<DeletedSubjectData>;
  /** The names of the nodes whose events the answers cover. */
  nodes(): Promise<readonly string[]>;
  /** The last hour of every resource, and the same of yesterday; none where what is known of that hour is not all. */
  volumes(now: number): Promise<readonly HourlyVolume[]>;
  writers(): Promise<readonly LedgerWriterState[]>;
}
