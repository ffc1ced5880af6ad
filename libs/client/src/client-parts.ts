import { type VerbSpans, verbSpans } from '@sundial/tracing';
import { Calls } from './attempts/calls.js';
import { exchange } from './attempts/exchange.js';
import { RetryBudget } from './attempts/retry-budget.js';
import type { ClientSettings } from './client-settings.js';
import type { Endpoint } from './endpoints/endpoint.js';
import { Endpoints } from './endpoints/endpoints.js';
import { CallMonitor } from './events/call-monitor.js';
import { type ClientAlarm, ClientEvents } from './events/client-events.js';
import { DegradedOperations } from './fallback/degraded-operations.js';
import { Deliveries } from './journal/deliveries.js';
import { Journal } from './journal/journal.js';
import { MergedChecks } from './merging/merged-checks.js';
import type { QuotaClientOptions } from './quota-client-options.js';
import { ClientReservations } from './reservations/client-reservations.js';

const PROBE_TIMEOUT_MS = 1_000;
/** An alarm about the journal, at most so often. */
const ALARM_PAUSE_MS = 60_000;

/** What a client is made of, wired. */
export interface ClientParts {
  readonly events: ClientEvents;
  readonly monitor: CallMonitor;
  /** Undefined where the process traces nothing. */
  readonly spans: VerbSpans | undefined;
  readonly endpoints: Endpoints;
  readonly calls: Calls;
  readonly checks: MergedChecks;
  readonly journal: Journal;
  readonly deliveries: Deliveries;
  readonly degraded: DegradedOperations;
  readonly reservations: ClientReservations;
}

export function partsOf(settings: ClientSettings, options: QuotaClientOptions): ClientParts {
  const events = new ClientEvents();
  const random = Math.random;
  const spans = verbSpans('client');
  // Looked up at each call: what replaces the global one later is asked too.
  const send: typeof fetch = (input, init) => (options.fetch ?? fetch)(input, init);
  const journal = journalOf(settings, events);
  const endpoints = new Endpoints({
    endpoints: settings.endpoints,
    events,
    random,
    probe: (endpoint) => isWell(endpoint, send),
    onRestored: () => deliveries.plan(true),
  });
  const calls = new Calls({
    endpoints,
    events,
    random,
    budget: new RetryBudget(),
    fetch: send,
    headers: settings.headers,
    moreHeaders: options.headers,
    traceHeaders: spans && (() => spans.headers()),
    retries: settings.retries,
  });
  const deliveries = new Deliveries({
    journal,
    events,
    random,
    ask: (asked, deadline) => calls.ask(asked, deadline, 0),
  });
  const record: DegradedOperations['record'] = (what) => {
    journal.add(what);
    deliveries.plan();
  };
  const allowed = (resource: string, operationId: string) => journal.allowed(resource, operationId);
  const { fallbacks } = settings;
  const degraded = new DegradedOperations({ fallbacks, events, record, allowed });
  const reservations = new ClientReservations({
    degraded,
    ask: (asked) => calls.ask(asked, performance.now() + settings.deadlineMs),
    withdraw: (id) => journal.withdraw(id),
  });
  const monitor = new CallMonitor({
    errorRate: settings.errorRate,
    onAlarm: (alarm) => events.emit('alarm', alarm),
  });
  const checks = new MergedChecks((asked, deadline) => calls.ask(asked, deadline));
  deliveries.plan(true);
  return { events, monitor, spans, endpoints, calls, checks, journal, deliveries, degraded, reservations };
}

/** `/health/ready` needs no key, so none is sent. */
async function isWell(endpoint: Endpoint, send: typeof fetch): Promise<boolean> {
  const read = (body: unknown) => (typeof body === 'object' && body !== null ? body : undefined);
  const options = { fetch: send, headers: { accept: 'application/json' }, timeoutMs: PROBE_TIMEOUT_MS };
  const outcome = await exchange(endpoint.urlOf('health/ready'), { method: 'GET', path: '', read }, options);
  return outcome.kind === 'answered';
}

function journalOf({ maxOperations, file }: ClientSettings, events: ClientEvents): Journal {
  const notedAt = new Map<string, number>();
  const onFailed = (problem: 'full' | 'file', detail: string) => {
    events.emit('journalFailed', { problem, detail });
    const now = performance.now();
    if (now - (notedAt.get(problem) ?? -Infinity) < ALARM_PAUSE_MS) return;
    notedAt.set(problem, now);
    const name = `journal-${problem}` as const;
    const message = `${detail} What is decided without a service meanwhile may never be counted.`;
    const alarm: ClientAlarm = {
      name,
      state: 'noted',
      severity: 'error',
      message,
      details: { file: file ?? null },
    };
    events.emit('alarm', alarm);
  };
  return new Journal({ maxOperations, file, onFailed });
}
