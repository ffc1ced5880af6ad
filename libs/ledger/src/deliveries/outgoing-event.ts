import { createHash } from 'node:crypto';

/** What the service tells other systems of. `test` is what the button of a webhook sends. */
export const OUTGOING_EVENT_TYPES = [
  'threshold',
  'limit-reached',
  'pack-exhausted',
  'override-expired',
  'gate-changed',
  'alarm-raised',
  'alarm-cleared',
  'test',
] as const;
export type OutgoingEventType = (typeof OUTGOING_EVENT_TYPES)[number];

/** One event for other systems, before it is kept. */
export interface OutgoingEvent {
  /** The same on every node that makes it: only the first one is kept. */
  readonly id: string;
  readonly type: OutgoingEventType;
  /** The store's clock, epoch ms. */
  readonly at: number;
  /** What it is about, in one text: events of one subject are delivered in order. */
  readonly subject: string;
  readonly resource?: string | undefined;
  readonly rule?: string | undefined;
  readonly data: object;
  /** Until when its id must be remembered, epoch ms; null: for good. Absent: as long as events are kept. */
  readonly rememberUntil?: number | null | undefined;
}

/** CloudEvents 1.0 in JSON, structured mode. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: object;
}

const SOURCE = '/sundial';
/** Of an event of which only the id is remembered. */
export const KEPT_BODY = '';

export function cloudEvent({
  id,
  type,
  at,
  subject,
  data,
}: Omit<OutgoingEvent, 'rememberUntil'>): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: SOURCE,
    type: `sundial.${type}`,
    subject,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
}

/** Which events a webhook gets: all of `types` (absent: all), of one resource or rule where it names one. */
export interface EventFilter {
  readonly types?: readonly OutgoingEventType[];
  readonly resource?: string;
  readonly rule?: string;
}

export function passes(
  { types, resource, rule }: EventFilter,
  event: Pick<OutgoingEvent, 'type' | 'resource' | 'rule'>,
): boolean {
  if (types !== undefined && !types.includes(event.type)) return false;
  if (resource !== undefined && event.resource !== resource) return false;
  return rule === undefined || event.rule === rule;
}

/** Subjects may be longer than an index takes. */
export function orderingKey(subject: string): string {
  return createHash('sha256').update(subject).digest('base64url').slice(0, 22);
}
