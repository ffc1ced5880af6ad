import type { Subject } from '@sundial/contract';
import type { LedgerEvent, RecordedEvent } from '../contract/ledger-event.js';
import type { DecisionFilter, EventFilter, LedgerPage, LedgerSpan } from '../contract/ledger-questions.js';
import { OTHER_RESOURCE } from '../recording/facet.js';
import { hashOf } from '../blocks/hash.js';
import { idOf, positionOf } from './cursor.js';
import { limitOf } from './page.js';

/** A question about rows, in the terms of the tables. */
export interface EventQuery extends LedgerSpan {
  readonly kinds?: readonly string[];
  readonly resource?: string;
  readonly outcome?: string;
  readonly node?: string;
  readonly subject?: Subject;
  readonly operationId?: string;
  readonly order: 'newest' | 'oldest';
  /** Only rows beyond this position, in that order. */
  readonly beyond?: number;
  /** Rows wanted. */
  readonly limit: number;
}

/** A row that was found. */
export interface StoredRow {
  readonly seq: number;
  readonly node: string;
  readonly event: LedgerEvent;
}

/** A row as a table has it: the event as JSON. */
export interface JsonRow {
  readonly seq: number;
  readonly node: string;
  readonly row: string;
}

/** Answers them, from the database at hand. */
export type EventSource = (query: EventQuery) => Promise<readonly StoredRow[]>;

const DECISIONS = ['check', 'reserve', 'extend'];

export function decisionQuery(filter: DecisionFilter, page: LedgerPage): EventQuery {
  return { ...filter, kinds: DECISIONS, ...pageQuery(page) };
}

export function eventQuery(filter: EventFilter, page: LedgerPage): EventQuery {
  return { ...filter, ...pageQuery(page) };
}

/** One row more than the page shows. */
function pageQuery(page: LedgerPage): Pick<EventQuery, 'order' | 'limit' | 'beyond'> {
  const { cursor, order = 'newest' } = page;
  return { order, limit: limitOf(page) + 1, ...(cursor !== undefined && { beyond: positionOf(cursor) }) };
}

/** Whether a facet may hold what is asked for; the SQL of both databases. `$` stands for a value. */
export function facetCondition(query: EventQuery): {
  readonly text: string;
  readonly values: readonly (string | number)[];
} {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (text: string, ...more: (string | number)[]) => {
    conditions.push(text);
    values.push(...more);
  };
  const { kinds, resource, node, outcome } = query;
  if (kinds) where(`kind IN (${kinds.map(() => '$').join(', ')})`, ...kinds);
  if (resource !== undefined) where('resource IN ($, $)', resource, OTHER_RESOURCE);
  if (node !== undefined) where('node = $', node);
  if (outcome === 'degraded') where('degraded = 1');
  else if (outcome === 'replayed') where('replayed = 1');
  else if (outcome !== undefined) where('(outcome = $ OR reason = $)', outcome, outcome);
  return { text: conditions.length === 0 ? '' : conditions.join(' AND '), values };
}

/** What a facet or a hash can't tell apart: a resource among too many, a hash of two texts. */
export function matches({ resource, subject, operationId }: EventQuery, event: LedgerEvent): boolean {
  if (resource !== undefined && event.resource !== resource) return false;
  if (operationId !== undefined && event.operationId !== operationId) return false;
  return !subject || Object.entries(subject).every(([name, value]) => event.subject?.[name] === value);
}

export function operationHash({ operationId }: EventQuery): number | undefined {
  return operationId === undefined ? undefined : hashOf(operationId);
}

export function storedRow({ seq, node, row }: JsonRow): StoredRow {
  return { seq, node, event: JSON.parse(row) as LedgerEvent };
}

export function recordedEvent({ seq, node, event }: StoredRow): RecordedEvent {
  return { count: 1, ...event, id: idOf(seq), node };
}
