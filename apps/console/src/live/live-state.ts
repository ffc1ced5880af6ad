import type { Schemas } from '../api/types.ts';

export type LiveFrame = Schemas['LiveFrame'];
export type LiveNode = Schemas['LiveNode'];
export type LiveStatus = 'connecting' | 'live' | 'lost';

/** All nodes together in one second; null where nothing is known. */
export interface Point {
  /** Epoch seconds. */
  readonly at: number;
  readonly allowed: number | null;
  readonly denied: number | null;
  readonly degraded: number | null;
  readonly refused: number | null;
  readonly shed: number | null;
  readonly p50: number | null;
  /** Of the slowest node. */
  readonly p99: number | null;
}

/** A node that was there while this page was open, and is heard of no longer. */
export interface GoneNode {
  readonly id: string;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly heardAt: number;
}

export interface LiveState {
  readonly status: LiveStatus;
  /** Epoch milliseconds: since when it has this status. */
  readonly since: number;
  readonly frame: LiveFrame | undefined;
  /** The last five minutes. */
  readonly points: readonly Point[];
  readonly gone: readonly GoneNode[];
}

export const NOTHING: LiveState = {
  status: 'connecting',
  since: Date.now(),
  frame: undefined,
  points: [],
  gone: [],
};

export const SPAN_S = 300;
/** A node is dead when it was not heard of for so long; so is what this page knows of it. */
export const DEAD_AFTER_MS = 3_000;
/** Then a node that is gone is shown no longer. */
const GONE_FOR_MS = 10 * 60_000;
const MAX_GONE = 20;

export function withFrame(state: LiveState, frame: LiveFrame, now: number): LiveState {
  const at = Math.floor(now / 1_000);
  // Two within one second are one point.
  const before = state.points.filter((point) => point.at > at - SPAN_S && point.at < at);
  return {
    ...withStatus(state, 'live', now),
    frame,
    points: [...before, pointOf(frame, at)],
    gone: goneNodes(state, frame, now),
  };
}

export function withStatus(state: LiveState, status: LiveStatus, now: number): LiveState {
  if (state.status === status) return state;
  const lastAt = state.points.at(-1)?.at;
  // The charts have a gap where nothing was heard.
  const points =
    status !== 'live' && lastAt !== undefined
      ? [...state.points, { ...UNKNOWN, at: lastAt + 1 }]
      : state.points;
  return { ...state, status, since: now, points };
}

export const UNKNOWN: Omit<Point, 'at'> = {
  ...{ allowed: null, denied: null, degraded: null, refused: null, shed: null },
  ...{ p50: null, p99: null },
};

/** Those of which a heartbeat was heard a moment ago, or whose list is as old as their silence. */
function pointOf({ nodes }: LiveFrame, at: number): Point {
  const reports = nodes.flatMap(({ report, heardMsAgo }) =>
    report?.perSecond && heardMsAgo <= 2 * DEAD_AFTER_MS ? [{ ...report, rates: report.perSecond }] : [],
  );
  if (reports.length === 0) return { ...UNKNOWN, at };
  const sum = (read: (rates: Schemas['NodeRates']) => number) =>
    reports.reduce((total, { rates }) => total + read(rates), 0);
  const timed = reports.flatMap(({ latencyMs, rates }) =>
    latencyMs ? [{ ...latencyMs, decisions: decisionsIn(rates) }] : [],
  );
  const decisions = timed.reduce((total, each) => total + each.decisions, 0);
  const weighted = timed.reduce((total, each) => total + each.p50 * each.decisions, 0);
  return {
    at,
    allowed: sum(({ allowed }) => allowed),
    denied: sum(({ denied }) => denied),
    degraded: sum(({ degradedAllowed, degradedDenied }) => degradedAllowed + degradedDenied),
    refused: sum(({ refused }) => refused),
    shed: sum(({ shed }) => shed),
    p50: decisions > 0 ? weighted / decisions : null,
    p99: timed.length > 0 ? Math.max(...timed.map(({ p99 }) => p99)) : null,
  };
}

export function decisionsIn({
  allowed,
  denied,
  degradedAllowed,
  degradedDenied,
}: Schemas['NodeRates']): number {
  return allowed + denied + degradedAllowed + degradedDenied;
}

/** While the store is away the list is old, and a silence says nothing. */
function goneNodes({ frame: before, gone }: LiveState, frame: LiveFrame, now: number): readonly GoneNode[] {
  const isThere = new Set(frame.nodes.map(({ id }) => id));
  const names = new Set(frame.nodes.flatMap(({ report }) => (report ? [report.name] : [])));
  const missing = (before?.nodes ?? []).filter(
    ({ id }) => !isThere.has(id) && !gone.some((known) => known.id === id),
  );
  const newly = missing.map(({ id, report, heardMsAgo }) => {
    return { id, name: report?.name ?? id.slice(0, 8), heardAt: now - heardMsAgo };
  });
  // One that came back under its name has another id.
  return [...gone, ...newly]
    .filter(({ id, name, heardAt }) => !isThere.has(id) && !names.has(name) && now - heardAt < GONE_FOR_MS)
    .slice(-MAX_GONE);
}
