import { QuotaError, said } from '@sundial/contract';
import { type EventFilter, OUTGOING_EVENT_TYPES, type OutgoingEventType } from '@sundial/ledger';
import { readQuery, unknownParameters } from '../http/query.js';

/** A socket on which nothing moves for 15 s is closed. */
const MAX_WAIT_S = 10;
const MAX_EVENTS = 1_000;
const PARAMETERS = ['after', 'wait', 'limit', 'types', 'resource', 'rule'];

export interface EventsQuery {
  readonly after: number | undefined;
  readonly waitMs: number;
  readonly limit: number;
  readonly filter: EventFilter;
}

/** The query of `GET /admin/events`. @throws QuotaError `invalid-request` with every error */
export function parseEventsQuery(url: string): EventsQuery {
  const values = readQuery(url);
  const errors = unknownParameters(values.keys(), PARAMETERS);
  const after = values.get('after');
  if (after !== undefined && !/^\d{1,15}$/.test(after)) errors.push({ path: 'after', ...said('cursor') });
  const whole = (name: string, { least, most, absent }: { least: number; most: number; absent: number }) => {
    const text = values.get(name);
    if (text === undefined) return absent;
    if (/^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    errors.push({ path: name, ...said('whole-number', { from: least, to: most }) });
    return absent;
  };
  const waitMs = 1_000 * whole('wait', { least: 0, most: MAX_WAIT_S, absent: 0 });
  const limit = whole('limit', { least: 1, most: MAX_EVENTS, absent: 100 });
  const types = values.get('types')?.split(',');
  const unknown = types?.find((type) => !OUTGOING_EVENT_TYPES.some((known) => known === type));
  if (unknown !== undefined)
    errors.push({
      path: 'types',
      ...said('event-types', { values: OUTGOING_EVENT_TYPES.join(', ') }),
    });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  const [resource, rule] = [values.get('resource'), values.get('rule')];
  const filter = {
    ...(types !== undefined && { types: types as OutgoingEventType[] }),
    ...(resource !== undefined && { resource }),
    ...(rule !== undefined && { rule }),
  };
  return { after: after === undefined ? undefined : Number(after), waitMs, limit, filter };
}
