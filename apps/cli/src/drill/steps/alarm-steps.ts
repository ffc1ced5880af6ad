import type { ClientAlarm } from '@sundial/client';
import { step, type Step } from './step.js';

/** What `GET /admin/alarms` has of one incident. */
export interface ServiceAlarm {
  readonly id: string;
  readonly pattern: string;
  readonly channel: { readonly resource: string } | null;
  readonly summary: string;
}

export interface ServiceAlarms {
  readonly active: readonly ServiceAlarm[];
  readonly over: readonly ServiceAlarm[];
}

/** The program's own alarm (`onAlarm`) was raised. */
export function clientAlarmed(alarms: readonly ClientAlarm[], calls: number): Step {
  const raised = alarms.find(({ name, state }) => name === 'calls-failing' && state === 'raised');
  const seen = raised ? `${raised.name}: ${raised.message}` : `none in ${calls} calls`;
  return step('alarm of the client', raised !== undefined, seen);
}

/** Of one resource: what is active, or was raised since `before` was asked for. */
export function alarmsSince(before: ServiceAlarms, now: ServiceAlarms, resource: string): ServiceAlarm[] {
  const known = new Set([...before.active, ...before.over].map(({ id }) => id));
  return [...now.active, ...now.over.filter(({ id }) => !known.has(id))].filter(
    ({ channel }) => channel?.resource === resource,
  );
}

/** The node that was asked has an alarm about the drilled resource. */
export function serviceAlarmed(alarms: readonly ServiceAlarm[], calls: number): Step {
  const [first] = alarms;
  const seen = first ? `${first.pattern}: ${first.summary}` : `none in ${calls} calls`;
  return step('alarm of the service', first !== undefined, seen);
}
