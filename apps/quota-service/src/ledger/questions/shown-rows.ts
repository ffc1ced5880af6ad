import { isoText } from '@sundial/engine';
import type {
  AffectedDecision,
  LedgerLimit,
  Outage,
  RecordedEvent,
  TopSubject,
  UsageWindow,
} from '@sundial/ledger';

/** A row of an answer: what is not known is absent. */
export type ShownRow = Readonly<Record<string, unknown>>;

/** Fields of an event's data that are instants. */
const INSTANTS = ['expiresAt', 'expiredAt', 'decidedAt', 'from', 'to'] as const;

/** An event as answers have it: its times as text, and what else is known of it beside what all events have. */
export function shownEvent(event: RecordedEvent, timeZone: string): ShownRow {
  const { id, at, node, kind, outcome, count, resource, subject, operationId, actor, data = {} } = event;
  const { limits, ...rest } = data;
  const shown: Record<string, unknown> = { ...rest };
  for (const name of INSTANTS)
    if (typeof shown[name] === 'number') shown[name] = isoText(shown[name], timeZone);
  return {
    ...{ id, at: isoText(at, timeZone), node, kind, outcome },
    ...(count !== 1 && { count }),
    ...present({ resource, subject, operationId, actor }),
    ...shown,
    ...(limits && { limits: limits.map((limit) => shownLimit(limit, timeZone)) }),
  };
}

export function shownWindow(
  { startsAt, resetsAt, seenAt, window, ...rest }: UsageWindow,
  timeZone: string,
): ShownRow {
  return {
    ...rest,
    window: windowOf(window),
    startsAt: textOf(startsAt, timeZone),
    resetsAt: textOf(resetsAt, timeZone),
    seenAt: isoText(seenAt, timeZone),
  };
}

export function shownTop(top: TopSubject): ShownRow {
  return { ...top };
}

/** `pending`: allowed, and nothing is recorded yet of what became of it. */
export function shownOutage({ from, to, settled, allowed, ...rest }: Outage, timeZone: string): ShownRow {
  const { voided: _ofRefused, ...ofAllowed } = settled;
  const known = Object.values(ofAllowed).reduce((sum, count) => sum + count, 0);
  const pending = Math.max(0, allowed - known);
  return { ...rest, from: isoText(from, timeZone), to: textOf(to, timeZone), allowed, settled, pending };
}

export function shownCall({ decision, afterwards }: AffectedDecision, timeZone: string): ShownRow {
  return {
    ...shownEvent(decision, timeZone),
    afterwards: afterwards.map((event) => shownEvent(event, timeZone)),
  };
}

function shownLimit(
  { window, startsAt, resetsAt, reserved = 0, ...rest }: LedgerLimit,
  timeZone: string,
): ShownRow {
  const times = { startsAt: textOf(startsAt, timeZone), resetsAt: textOf(resetsAt ?? null, timeZone) };
  return { ...rest, window: windowOf(window), reserved, ...times };
}

/** As the rule wrote it. */
function windowOf(window: string): unknown {
  return window.startsWith('{') ? JSON.parse(window) : window;
}

function textOf(at: number | null, timeZone: string): string | null {
  return at === null ? null : isoText(at, timeZone);
}

function present(fields: Readonly<Record<string, unknown>>): ShownRow {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
