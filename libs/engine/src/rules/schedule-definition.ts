import {
  type InputError,
  MAX_DATES_A_SCHEDULE,
  MAX_SCHEDULES_A_LIMIT,
  SCHEDULE_DAYS,
  type Schedule,
  type ScheduleDay,
} from '@sundial/contract';
import { areAtOnce } from '../schedules/schedule-conflicts.js';
import { rangeOf, timesOf } from '../schedules/schedule-times.js';
import { errorsIn } from './definition-errors.js';
import { Judged, messageFor, Optional, Units } from './field-decorators.js';
import { isPlainObject, show } from './plain-json.js';

/** One entry of a limit's `when`. */
class ScheduleDefinition {
  @Optional()
  @Judged(daysMessage)
  days?: ScheduleDay[];

  @Optional()
  @Judged(datesMessage)
  dates?: string[];

  @Optional()
  @Judged(fromMessage)
  from?: string;

  @Optional()
  @Judged(toMessage)
  to?: string;

  @Units()
  max!: number | null;
}

/** Of a limit's `when`; its entries are checked one by one. */
export function schedulesMessage(value: unknown): string | undefined {
  if (!Array.isArray(value))
    return messageFor('must be a list such as [{ "days": ["sat", "sun"], "max": 100 }]', value);
  if (value.length >= 1 && value.length <= MAX_SCHEDULES_A_LIMIT) return undefined;
  return `must hold 1 to ${MAX_SCHEDULES_A_LIMIT} entries, not ${value.length}`;
}

/** What is wrong inside the entries of a `when`: in each, and where no other one is in what they are together. */
export function scheduleErrors(when: unknown, at: string): readonly InputError[] {
  if (!Array.isArray(when) || when.length > MAX_SCHEDULES_A_LIMIT) return [];
  const entries: readonly unknown[] = when;
  const errors = entries.flatMap((entry, index) => {
    const wrong = errorsIn(ScheduleDefinition, entry, `${at}.${index}`, 'an entry of when');
    return wrong.length > 0 || saysWhen(entry) ? wrong : [{ path: `${at}.${index}`, message: SAYS_NOT_WHEN }];
  });
  return errors.length > 0 ? errors : conflicts(entries as Schedule[], at);
}

const SAYS_NOT_WHEN =
  'does not say when it holds: name days, dates, or a time with from or to; what always holds is the max of the limit';

function saysWhen(entry: unknown): boolean {
  return isPlainObject(entry) && ['days', 'dates', 'from', 'to'].some((field) => entry[field] !== undefined);
}

function conflicts(entries: readonly Schedule[], at: string): readonly InputError[] {
  const times = entries.map(timesOf);
  return times.flatMap((one, index) => {
    const before = times.findIndex((other, place) => place < index && areAtOnce(one, other));
    if (before < 0) return [];
    const what = one.hasDates ? 'entries with dates' : 'entries without dates';
    const message = `holds at the same time as entry ${before}: two ${what} must share no instant`;
    return [{ path: `${at}.${index}`, message }];
  });
}

function daysMessage(value: unknown, { dates }: Fields): string | undefined {
  const requirement = `must be a list of weekdays, each once, of ${SCHEDULE_DAYS.join(', ')}`;
  if (!Array.isArray(value) || value.length === 0) return messageFor(requirement, value);
  const odd = value.find((day) => !SCHEDULE_DAYS.some((known) => known === day));
  if (odd !== undefined) return `${requirement}; ${show(odd)} is none`;
  if (new Set(value).size < value.length) return `${requirement}; one is repeated`;
  if (dates === undefined) return undefined;
  return 'does not go with dates: write two entries, of which the one with dates comes first wherever both hold';
}

function datesMessage(value: unknown): string | undefined {
  const requirement = `must be a list of 1 to ${MAX_DATES_A_SCHEDULE} dates such as "2027-02-06", or ranges such as "2027-02-06/2027-02-12"`;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_DATES_A_SCHEDULE)
    return Array.isArray(value) ? `${requirement}, not ${value.length}` : messageFor(requirement, value);
  const odd = value.find((dates) => !isDates(dates));
  return odd === undefined ? undefined : `${requirement}; ${show(odd)} is none`;
}

function isDates(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d(\/\d{4}-\d\d-\d\d)?$/.test(value)) return false;
  const { first, last } = rangeOf(value);
  return first <= last;
}

function fromMessage(value: unknown): string | undefined {
  if (isTime(value)) return undefined;
  return messageFor('must be a time that clocks show, from "00:00" to "23:59"', value);
}

function toMessage(value: unknown, { from = '00:00' }: Fields): string | undefined {
  if (value === from) return `is the time at which it begins; a whole day is from "00:00" to "24:00"`;
  if (value === '24:00' || isTime(value)) return undefined;
  return messageFor('must be a time from "00:00" to "24:00"', value);
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value);
}

type Fields = Readonly<Record<string, unknown>>;
