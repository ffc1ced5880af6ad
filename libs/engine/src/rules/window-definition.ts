import {
  type InputError,
  type InputFault,
  said,
  WEEKDAYS,
  WINDOW_UNITS,
  type WindowSpec,
  type WindowUnit,
} from '@sundial/contract';
import { errorsIn } from './definition-errors.js';
import { faultOf, Judged, Optional } from './field-decorators.js';
import { ownValueFault } from './own-value.js';
import { isPlainObject, show } from './plain-json.js';

/**
 * A limit's `window` where it is an object: the fields of `WindowSpec`, each with what it may hold and with what it goes. What
 * would mean nothing, or what a reader could take for something else, is refused.
 */
class WindowDefinition {
  @Judged(unitFault)
  unit!: WindowUnit;

  @Optional()
  @Judged(everyFault)
  every?: number;

  @Optional()
  @Judged(startsAtFault)
  startsAt?: string;

  @Optional()
  @Judged(startsOnFault)
  startsOn?: NonNullable<WindowSpec['startsOn']>;
}

const UNITS = WINDOW_UNITS.join(', ');

/** Of a limit's `window`: a unit, or an object whose fields are checked one by one. */
export function windowFault(value: unknown): InputFault | undefined {
  if (isUnit(value) || isPlainObject(value)) return undefined;
  return faultOf(said('window', { values: UNITS }), value);
}

/** What is wrong inside a window that is an object. */
export function windowErrors(window: unknown, at: string): readonly InputError[] {
  return isPlainObject(window) ? errorsIn(WindowDefinition, window, at, 'a window') : [];
}

function unitFault(value: unknown): InputFault | undefined {
  return isUnit(value) ? undefined : faultOf(said('one-of', { values: UNITS }), value);
}

const MAX_EVERY: Partial<Record<WindowUnit, number>> = { minute: 59, hour: 23 };

function everyFault(value: unknown, { unit }: Fields): InputFault | undefined {
  const max = isUnit(unit) ? MAX_EVERY[unit] : MAX_EVERY.minute;
  if (max === undefined) return said('every-unit', { unit: show(unit) });
  if (isWholeNumber(value, { from: 1, to: max })) return undefined;
  const requirement = isUnit(unit)
    ? said('every', { to: max, unit })
    : said('whole-number', { from: 1, to: max });
  return faultOf(requirement, value);
}

function startsAtFault(value: unknown, { unit, every }: Fields): InputFault | undefined {
  if (unit === 'total' || unit === 'concurrent') return said('starts-at-never', { unit: show(unit) });
  if ((unit === 'minute' || unit === 'hour') && every === undefined) return said('starts-at-every', { unit });
  if (typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value)) return undefined;
  return faultOf(said('time-of-day'), value);
}

function startsOnFault(value: unknown, { unit }: Fields): InputFault | undefined {
  switch (unit) {
    case 'week':
      if (WEEKDAYS.some((weekday) => weekday === value)) return undefined;
      return faultOf(said('starts-on-weekday', { values: WEEKDAYS.join(', ') }), value);
    case 'month':
      if (isDayOfMonth(value)) return undefined;
      return isPlainObject(value)
        ? ownValueFault(value, said('own-day'), isDayOfMonth)
        : faultOf(said('starts-on-day'), value);
    case 'year':
      if (isDayOfYear(value)) return undefined;
      return faultOf(said('starts-on-date'), value);
    default:
      return isUnit(unit) ? said('starts-on-unit', { unit: show(unit) }) : undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isUnit(value: unknown): value is WindowUnit {
  return WINDOW_UNITS.some((unit) => unit === value);
}

function isWholeNumber(value: unknown, { from, to }: { from: number; to: number }): boolean {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}

function isDayOfMonth(value: unknown): boolean {
  return isWholeNumber(value, { from: 1, to: 31 });
}

/** Whether a leap year has it. */
function isDayOfYear(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d\d-\d\d$/.test(value)) return false;
  const [month = 0, day = 0] = value.split('-').map(Number);
  const date = new Date(Date.UTC(2028, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
