import type { Amounts, Rule, Subject } from '@sundial/contract';
import type { Counter } from './expected-counters.js';
import { meterOf } from './expected-counters.js';

/** An event as `GET /admin/subjects/data` answers it, as far as units depend on it. */
export interface WitnessedEvent {
  readonly id: string;
  readonly node: string;
  readonly at: string;
  readonly kind: string;
  readonly outcome: string;
  readonly resource?: string;
  readonly subject?: Subject;
  readonly operationId?: string;
  readonly amounts?: Amounts;
  readonly replayed?: boolean;
  readonly onExpiry?: 'release' | 'commit';
  readonly late?: boolean;
}

/** What is counted of one operation in the end, by its events alone. */
export interface WitnessedOperation {
  readonly operationId: string;
  readonly resource: string;
  readonly subject: Subject;
  readonly units: Amounts;
}

const NONE: Amounts = {};

/** Of events of all nodes, each once. A hold that nothing ended has expired: the site is at rest. */
export function witnessedOperations(events: readonly WitnessedEvent[]): readonly WitnessedOperation[] {
  const byOperation = new Map<string, WitnessedEvent[]>();
  for (const event of events) {
    const { resource, subject, operationId } = event;
    if (resource === undefined || subject === undefined || operationId === undefined) continue;
    const key = JSON.stringify([resource, Object.entries(subject).sort(), operationId]);
    byOperation.set(key, [...(byOperation.get(key) ?? []), event]);
  }
  return [...byOperation.values()].map((unordered) => {
    const ordered = [...unordered].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    const { operationId, resource, subject } = ordered[0]!;
    return { operationId: operationId!, resource: resource!, subject: subject!, units: unitsOf(ordered) };
  });
}

function unitsOf(events: readonly WitnessedEvent[]): Amounts {
  if (events.some(({ kind }) => kind === 'refund')) return NONE;
  const committed = events.find(({ kind, outcome }) => kind === 'commit' && outcome === 'committed');
  if (committed) return committed.amounts ?? NONE;
  const allowed = events.filter(({ outcome }) => outcome === 'allowed');
  const reserved = allowed.find(({ kind }) => kind === 'reserve');
  if (reserved === undefined) return allowed.find(({ kind }) => kind === 'check')?.amounts ?? NONE;
  const isReleased = events.some(({ kind, outcome }) => kind === 'release' && outcome === 'released');
  if (isReleased || reserved.onExpiry !== 'commit') return NONE;
  return allowed.findLast(({ kind }) => kind === 'extend')?.amounts ?? reserved.amounts ?? NONE;
}

/** The units of a counter by these operations. */
export function witnessedUnits(
  { rule: id, subject, ...counter }: Counter,
  operations: readonly WitnessedOperation[],
  rules: readonly Rule[],
): number {
  const { resource } = rules.find((rule) => rule.id === id)!;
  const meter = meterOf({ rule: id, subject, ...counter });
  const its = operations.filter(
    (operation) =>
      operation.resource === resource &&
      Object.entries(subject).every(([name, value]) => operation.subject[name] === value),
  );
  return its.reduce((sum, { units }) => sum + (units[meter] ?? 0), 0);
}
