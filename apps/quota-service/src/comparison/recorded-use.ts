import type { LedgerData, LedgerLimit, RecordedEvent } from '@sundial/ledger';

/** One window of one counter. */
export interface CountedWindow {
  /** The rule, the window and the meter as events have them. */
  readonly limit: LedgerLimit;
  /** What the rule counts by. */
  readonly per: readonly string[];
  /** What the rules of the resource count by together: an operation id is known within the values of these. */
  readonly scope: readonly string[];
}

export interface RecordedUse {
  readonly used: number;
  /** The latest operation among the events. */
  readonly operationId: string | undefined;
}

/** The node that records goes by an estimate of the store's clock. */
const CLOCK_MARGIN_MS = 2_000;

/**
 * What the window has used by what is recorded of its operations: checks, commits, expiries that commit, and refunds. Undefined where
 * events do not say it for certain: a decision without the store, a report, units of a pack, an amount that was raised later, one operation
 * id for two operations, an event without its data, or a rule that was another one for a part of the time. `now`: the store's clock.
 */
export function recordedUse(
  events: readonly RecordedEvent[],
  window: CountedWindow,
  now: number,
): RecordedUse | undefined {
  const operations = new Map<string, Operation>();
  let limitAt = Infinity;
  let otherAt = -Infinity;
  let latest: RecordedEvent | undefined;
  for (const event of events) {
    const { data, at } = event;
    if (isUncertain(event, window)) return undefined;
    const limit = isTaken(event) ? ofWindow(event, window) : undefined;
    if (limit === 'other') return undefined;
    if (limit === 'none') {
      if (data?.reason !== 'no-rule') otherAt = Math.max(otherAt, at);
      continue;
    }
    if (limit !== undefined) limitAt = Math.min(limitAt, at);
    if (latest === undefined || at >= latest.at) latest = event;
    operationOf(operations, event, window).push(event);
  }
  // The limit was gone for a while: what it had counted may be gone, too.
  if (otherAt > limitAt + CLOCK_MARGIN_MS) return undefined;
  let used = 0;
  for (const operation of operations.values()) {
    const units = unitsOf(operation, window.limit.meter, now);
    if (units === undefined) return undefined;
    used += units;
  }
  return { used, operationId: latest?.operationId };
}

/** What is recorded of one operation, in any order: nodes write theirs at different times. */
type Operation = RecordedEvent[];

function operationOf(
  operations: Map<string, Operation>,
  { operationId = '', subject = {} }: RecordedEvent,
  { scope }: CountedWindow,
): Operation {
  const key = JSON.stringify([operationId, ...scope.map((name) => subject[name] ?? null)]);
  let operation = operations.get(key);
  if (!operation) operations.set(key, (operation = []));
  return operation;
}

/** It takes units, and is no repetition. */
function isTaken({ kind, outcome, data }: RecordedEvent): boolean {
  return (kind === 'check' || kind === 'reserve') && outcome === 'allowed' && data?.replayed !== true;
}

function isUncertain({ kind, outcome, at, data }: RecordedEvent, { limit }: CountedWindow): boolean {
  if (data?.degraded || data?.['packs'] !== undefined) return true;
  if (kind === 'report') return Number(data?.decidedAt ?? at) >= limit.startsAt! - CLOCK_MARGIN_MS;
  if (kind === 'extend' && outcome === 'allowed') return isRaised(data);
  return data?.amounts === undefined && outcome !== 'denied' && data?.reason !== 'no-rule';
}

function isRaised(data: LedgerData | undefined): boolean {
  const asked = data?.['asked'] as { readonly amount?: number; readonly amounts?: object } | undefined;
  return asked === undefined || asked.amount !== undefined || asked.amounts !== undefined;
}

/** The limit as the event has it; `other`: another one that has the same name in events. */
function ofWindow(event: RecordedEvent, { limit, per }: CountedWindow): LedgerLimit | 'none' | 'other' {
  const same = (event.data?.limits ?? []).filter(
    (one) =>
      one.rule === limit.rule &&
      one.meter === limit.meter &&
      one.startsAt === limit.startsAt &&
      one.resetsAt === limit.resetsAt,
  );
  const [found] = same;
  if (found === undefined) return 'none';
  const countedBy = found.per ?? Object.keys(event.subject ?? {});
  const isSame = same.length === 1 && found.window === limit.window && isSameSet(countedBy, per);
  return isSame ? found : 'other';
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

/** Of an operation that this window does not know, 0. */
function unitsOf(operation: Operation, meter: string, now: number): number | undefined {
  const taken = operation.filter(isTaken);
  const [first] = taken;
  if (first === undefined) return 0;
  if (taken.length > 1) return undefined;
  if (operation.some(({ kind }) => kind === 'refund')) return 0;
  return first.kind === 'check' ? amountIn(first, meter) : committedUnits(operation, first, { meter, now });
}

function committedUnits(
  operation: Operation,
  hold: RecordedEvent,
  { meter, now }: { readonly meter: string; readonly now: number },
): number | undefined {
  const commits = operation.filter(({ kind }) => kind === 'commit');
  const isReleased = operation.some(({ kind }) => kind === 'release');
  if (commits.length > 0) {
    const amounts = new Set(commits.map((commit) => amountIn(commit, meter)));
    return amounts.size === 1 && !isReleased ? [...amounts][0] : undefined;
  }
  if (isReleased || hold.data?.['onExpiry'] !== 'commit') return 0;
  const ends = operation.flatMap(({ data }) =>
    data?.['expiresAt'] === undefined ? [] : [Number(data['expiresAt'])],
  );
  const expiresAt = Math.max(...ends);
  if (Math.abs(expiresAt - now) < CLOCK_MARGIN_MS) return undefined;
  return expiresAt > now ? 0 : amountIn(hold, meter);
}

function amountIn({ data }: RecordedEvent, meter: string): number {
  const { amounts = {} } = data ?? {};
  return Object.hasOwn(amounts, meter) ? amounts[meter]! : 0;
}
