import type { Subject } from '@sundial/contract';
import type { LedgerEvent, RecordedEvent } from '@sundial/ledger';

/** One operation: an id in one scope. */
export interface OperationEvents {
  readonly resource: string | undefined;
  /** As it was first named; undefined where no event names it. */
  readonly subject: Subject | undefined;
  readonly events: readonly RecordedEvent[];
}

export interface HistoryContext {
  /** The store's clock. */
  readonly now: number;
  /** Which attributes the rules of a resource count by now; undefined where there are none. */
  readonly countedBy: (resource: string) => readonly string[] | undefined;
}

/**
 * What is known of an operation id, by scope: the resource and the attributes that its rules count by. A settlement that names no subject
 * belongs to the only operation of its resource, where there is one alone.
 */
export function operationHistory(
  events: readonly RecordedEvent[],
  { now, countedBy }: HistoryContext,
): readonly OperationEvents[] {
  const groups = new Map<string, RecordedEvent[]>();
  const add = (key: string, event: RecordedEvent) => {
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  };
  const keyOf = ({ resource = '', subject }: RecordedEvent) =>
    JSON.stringify([resource, subject ? scopeOf(subject, countedBy(resource)) : null]);
  for (const event of events.filter(({ subject }) => subject)) add(keyOf(event), event);
  for (const event of events.filter(({ subject }) => !subject)) {
    const [resource] = JSON.parse(keyOf(event)) as [string];
    const ofResource = [...groups.keys()].filter((key) => (JSON.parse(key) as [string])[0] === resource);
    add(ofResource.length === 1 ? ofResource[0]! : keyOf(event), event);
  }
  return [...groups.values()].map((group) => {
    const ordered = withoutRepeatedExpiry(group.map(atItsTime)).toSorted(
      (a, b) => a.at - b.at || (a.id < b.id ? -1 : 1),
    );
    const expired = expiryOf(ordered, now);
    const all = expired ? [...ordered, expired].sort((a, b) => a.at - b.at) : ordered;
    const { resource } = ordered[0]!;
    return { resource, subject: ordered.find(({ subject }) => subject)?.subject, events: all };
  });
}

function scopeOf(
  subject: Subject,
  attributes: readonly string[] = Object.keys(subject),
): readonly (readonly [string, string | undefined])[] {
  return [...attributes].sort().map((name) => [name, subject[name]]);
}

/** An expiry is recorded when it is seen. */
function atItsTime(event: RecordedEvent): RecordedEvent {
  const expiredAt = event.data?.['expiredAt'];
  return event.kind === 'expire' && typeof expiredAt === 'number' ? { ...event, at: expiredAt } : event;
}

/** Two nodes may have seen one hold expire: the one that made it, and one that ended it too late. */
function withoutRepeatedExpiry(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const seen = new Set<unknown>();
  return events.filter(({ kind, data }) => {
    if (kind !== 'expire') return true;
    const isFirst = !seen.has(data?.['expiredAt']);
    seen.add(data?.['expiredAt']);
    return isFirst;
  });
}

const ENDINGS: readonly LedgerEvent['kind'][] = ['commit', 'release', 'expire', 'refund'];

/**
 * What no call has to see: the store expires a hold by itself, at an instant that the reserve and its extensions name. It has happened where
 * that is past and no ending is recorded before it.
 */
function expiryOf(events: readonly RecordedEvent[], now: number): RecordedEvent | undefined {
  const isHolding = ({ kind, outcome, data }: RecordedEvent) =>
    (kind === 'reserve' || kind === 'extend') &&
    outcome === 'allowed' &&
    typeof data?.['expiresAt'] === 'number';
  const last = events.findLast(isHolding);
  const expiresAt = last?.data?.['expiresAt'];
  if (last === undefined || typeof expiresAt !== 'number' || expiresAt > now) return undefined;
  const first = events.find(isHolding)!;
  const hasEnded = events.some(({ kind, at }) => ENDINGS.includes(kind) && at >= first.at && at <= expiresAt);
  if (hasEnded || events.some(({ kind }) => kind === 'expire')) return undefined;
  const onExpiry = first.data?.['onExpiry'];
  const data = { onExpiry, concluded: true };
  return {
    ...last,
    id: `${last.id}~`,
    at: expiresAt,
    kind: 'expire',
    outcome: onExpiry === 'commit' ? 'committed' : 'released',
    data,
  };
}
