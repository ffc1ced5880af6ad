import { type InputError, WEEKDAYS, WINDOW_UNITS, type WindowSpec, type WindowUnit } from '@sundial/contract';
import { errorsIn } from './definition-errors.js';
import { Judged, messageFor, Optional } from './field-decorators.js';
import { ownValueMessage } from './own-value.js';
import { isPlainObject, show } from './plain-json.js';

/**
 * A limit's `window` where it is an object: the fields of `WindowSpec`, each with what it may hold and with what it goes. What
 * would mean nothing, or what a reader could take for something else, is refused.
 */
class WindowDefinition {
  @Judged(unitMessage)
  unit!: WindowUnit;

  @Optional()
  @Judged(everyMessage)
  every?: number;

  @Optional()
  @Judged(startsAtMessage)
  startsAt?: string;

  @Optional()
  @Judged(startsOnMessage)
  startsOn?: NonNullable<WindowSpec['startsOn']>;
}

const UNITS = WINDOW_UNITS.join(', ');

/** Of a limit's `window`: a unit, or an object whose fields are checked one by one. */
export function windowMessage(value: unknown): string | undefined {
  if (isUnit(value) || isPlainObject(value)) return undefined;
  return messageFor(`must be one of ${UNITS}, or an object such as { "unit": "hour", "every": 5 }`, value);
}

/** What is wrong inside a window that is an object. */
export function windowErrors(window: unknown, at: string): readonly InputError[] {
  return isPlainObject(window) ? errorsIn(WindowDefinition, window, at, 'a window') : [];
}

function unitMessage(value: unknown): string | undefined {
  return isUnit(value) ? undefined : messageFor(`must be one of ${UNITS}`, value);
}

const MAX_EVERY: Partial<Record<WindowUnit, number>> = { minute: 59, hour: 23 };

function everyMessage(value: unknown, { unit }: Fields): string | undefined {
  const max = isUnit(unit) ? MAX_EVERY[unit] : MAX_EVERY.minute;
  if (max === undefined) return `goes with the units minute and hour, not with ${show(unit)}`;
  if (isWholeNumber(value, { from: 1, to: max })) return undefined;
  return messageFor(`must be a whole number from 1 to ${max}${isUnit(unit) ? ` ${unit}s` : ''}`, value);
}

function startsAtMessage(value: unknown, { unit, every }: Fields): string | undefined {
  if (unit === 'total' || unit === 'concurrent') return `does not go with ${show(unit)}, which never begins`;
  if ((unit === 'minute' || unit === 'hour') && every === undefined)
    return `goes with "${unit}" only where every says how many ${unit}s a slot has: a plain ${unit} begins when the clock shows a whole one`;
  if (typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value)) return undefined;
  return messageFor('must be a time that clocks show, from "00:00" to "23:59"', value);
}

function startsOnMessage(value: unknown, { unit }: Fields): string | undefined {
  switch (unit) {
    case 'week':
      if (WEEKDAYS.some((weekday) => weekday === value)) return undefined;
      return messageFor(`must be a weekday of ${WEEKDAYS.join(', ')}`, value);
    case 'month':
      if (isWholeNumber(value, { from: 1, to: 31 })) return undefined;
      if (isPlainObject(value))
        return ownValueMessage(value, 'the default day', (day) => startsOnMessage(day, { unit: 'month' }));
      return messageFor(
        'must be a day of the month, a whole number from 1 to 31 (31 is the last day of every month)',
        value,
      );
    case 'year':
      if (isDayOfYear(value)) return undefined;
      return messageFor('must be a day of the year as "MM-DD", from "01-01" to "12-31"', value);
    default:
      return isUnit(unit) ? `goes with the units week, month and year, not with ${show(unit)}` : undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isUnit(value: unknown): value is WindowUnit {
  return WINDOW_UNITS.some((unit) => unit === value);
}

function isWholeNumber(value: unknown, { from, to }: { from: number; to: number }): boolean {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}

/** Whether a leap year has it. */
function isDayOfYear(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d\d-\d\d$/.test(value)) return false;
  const [month = 0, day = 0] = value.split('-').map(Number);
  const date = new Date(Date.UTC(2028, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
