import type { LedgerEvent, LedgerLimit } from '@sundial/ledger';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const RESOURCES = ['ocr', 'sms', 'llm'];
const SUBJECTS = 20_000;

export interface FilledDay {
  /** Its first instant, epoch ms. */
  readonly start: number;
  readonly rows: number;
}

/** The rows of a day: checks of 20,000 customers in their three hours of it, and some of everything else. */
export function* eventsOf({ start, rows }: FilledDay, first: number): Generator<LedgerEvent> {
  for (let index = 0; index < rows; index += 1) yield eventAt(start, index / rows, first + index);
}

export function operationAt(index: number): string {
  return `order-${index.toString(36)}-${((index * 7919) % 1_000_003).toString(36)}`;
}

/** Later events have later instants; few customers are asked for often, most are not. */
function eventAt(start: number, share: number, index: number): LedgerEvent {
  const at = start + Math.floor(share * DAY_MS);
  const skewed = (((index * 2_654_435_761) % 2 ** 32) / 2 ** 32) ** 2;
  const customer = Math.floor(skewed * SUBJECTS);
  const resource = RESOURCES[index % RESOURCES.length]!;
  const subject = { user: `customer-${customer}`, grade: `${customer % 12}` };
  if (index % 10_000 === 0) return adminWrite(at, index);
  if (index % 250_000 < 2) return { at, kind: 'mode', outcome: index % 2 === 0 ? 'degraded' : 'exact' };
  const denied = index % 20 === 7;
  const reason = denied ? 'limit-exceeded' : 'within-limits';
  const data = {
    ...{ reason, rulesVersion: 3, latencyMs: (index % 500) / 100, amounts: { units: 1 } },
    ...{ limits: limitsOf(resource, at, index), requestId: `request-${index.toString(36)}` },
    ...(index % 5_003 === 0 && { degraded: { cause: 'timeout', policy: 'allow' } }),
  };
  const outcome = denied ? 'denied' : 'allowed';
  return {
    at,
    kind: 'check',
    outcome,
    resource,
    subject,
    operationId: operationAt(index),
    actor: 'app',
    data,
  };
}

function limitsOf(resource: string, at: number, index: number): readonly LedgerLimit[] {
  const windows = [
    { window: 'day', lengthMs: DAY_MS },
    { window: 'hour', lengthMs: 8 * HOUR_MS },
  ];
  return windows.map(({ window, lengthMs }) => {
    const startsAt = at - (at % lengthMs);
    const resetsAt = startsAt + lengthMs;
    return {
      rule: `${resource}-per-user`,
      window,
      meter: 'units',
      used: index % 97,
      max: 100,
      startsAt,
      resetsAt,
      per: ['user'],
    };
  });
}

function adminWrite(at: number, index: number): LedgerEvent {
  const data = { target: `rule-${index % 7}`, before: { max: 10 }, after: { max: 20 }, reason: 'asked for' };
  return { at, kind: 'admin', outcome: 'rule-changed', actor: index % 20_000 === 0 ? 'ann' : 'bob', data };
}
