import {
  type InputError,
  type InputFault,
  MAX_DATES_A_SCHEDULE,
  MAX_SCHEDULES_A_LIMIT,
  said,
  saidOf,
  SCHEDULE_DAYS,
  type Schedule,
  type ScheduleDay,
} from '@sundial/contract';
import { areAtOnce } from '../schedules/schedule-conflicts.js';
import { rangeOf, timesOf } from '../schedules/schedule-times.js';
import { errorsIn } from './definition-errors.js';
import { faultOf, Judged, Optional, Units } from './field-decorators.js';
import { isPlainObject, show } from './plain-json.js';

/** One entry of a limit's `when`. */
class ScheduleDefinition {
  @Optional()
  @Judged(daysFault)
  days?: ScheduleDay[];

  @Optional()
  @Judged(datesFault)
  dates?: string[];

  @Optional()
  @Judged(fromFault)
  from?: string;

  @Optional()
  @Judged(toFault)
  to?: string;

  @Units()
  max!: number | null;
}

/** Of a limit's `when`; its entries are checked one by one. */
export function schedulesFault(value: unknown): InputFault | undefined {
  if (!Array.isArray(value))
    return faultOf(said('list-such-as', { example: '[{ "days": ["sat", "sun"], "max": 100 }]' }), value);
  const { length } = value;
  if (length >= 1 && length <= MAX_SCHEDULES_A_LIMIT) return undefined;
  return said('list-length', { from: 1, to: MAX_SCHEDULES_A_LIMIT, what: 'entries', count: length });
}

/** What is wrong inside the entries of a `when`: in each, and where no other one is in what they are together. */
export function scheduleErrors(when: unknown, at: string): readonly InputError[] {
  if (!Array.isArray(when) || when.length > MAX_SCHEDULES_A_LIMIT) return [];
  const entries: readonly unknown[] = when;
  const errors = entries.flatMap((entry, index) => {
    const wrong = errorsIn(ScheduleDefinition, entry, `${at}.${index}`, 'an entry of when');
    return wrong.length > 0 || saysWhen(entry)
      ? wrong
      : [{ path: `${at}.${index}`, ...said('when-says-nothing') }];
  });
  return errors.length > 0 ? errors : conflicts(entries as Schedule[], at);
}

function saysWhen(entry: unknown): boolean {
  return isPlainObject(entry) && ['days', 'dates', 'from', 'to'].some((field) => entry[field] !== undefined);
}

function conflicts(entries: readonly Schedule[], at: string): readonly InputError[] {
  const times = entries.map(timesOf);
  return times.flatMap((one, index) => {
    const before = times.findIndex((other, place) => place < index && areAtOnce(one, other));
    if (before < 0) return [];
    const what = one.hasDates ? 'entries with dates' : 'entries without dates';
    return [{ path: `${at}.${index}`, ...said('when-at-once', { entry: before, what }) }];
  });
}

function daysFault(value: unknown, { dates }: Fields): InputFault | undefined {
  const values = SCHEDULE_DAYS.join(', ');
  if (!Array.isArray(value) || value.length === 0) return faultOf(said('days', { values }), value);
  const odd = value.find((day) => !SCHEDULE_DAYS.some((known) => known === day));
  if (odd !== undefined) return said('days-none', { values, day: show(odd) });
  if (new Set(value).size < value.length) return said('days-twice', { values });
  return dates === undefined ? undefined : said('days-and-dates');
}

function datesFault(value: unknown): InputFault | undefined {
  const to = MAX_DATES_A_SCHEDULE;
  const requirement = said('dates', { to });
  if (!Array.isArray(value)) return faultOf(requirement, value);
  if (value.length === 0 || value.length > to) return saidOf(requirement, String(value.length));
  const odd = value.find((dates) => !isDates(dates));
  return odd === undefined ? undefined : said('dates-none', { to, date: show(odd) });
}

function isDates(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d(\/\d{4}-\d\d-\d\d)?$/.test(value)) return false;
  const { first, last } = rangeOf(value);
  return first <= last;
}

function fromFault(value: unknown): InputFault | undefined {
  return isTime(value) ? undefined : faultOf(said('time-of-day'), value);
}

function toFault(value: unknown, { from = '00:00' }: Fields): InputFault | undefined {
  if (value === from) return said('to-is-from');
  return value === '24:00' || isTime(value) ? undefined : faultOf(said('to-time'), value);
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value);
}

type Fields = Readonly<Record<string, unknown>>;
