import { Temporal } from 'temporal-polyfill';

import { WEEKDAYS, type Weekday, type WindowSpec } from '@sundial/contract';

/** What the local clock shows when the window begins that lies so many windows after the one of some local time. */
export type PeriodStarts = (shift: number) => Temporal.PlainDateTime;

/**
 * When windows begin that begin at times of the local clock, around a local time. Every start is derived from its date (or, for
 * slots of several hours or minutes, from the date of their day), never from another start.
 */
export function periodStarts(spec: WindowSpec, local: Temporal.PlainDateTime): PeriodStarts {
  const dayStart = Temporal.PlainTime.from(spec.startsAt ?? '00:00');
  const { hour: hours, minute: minutes } = dayStart;
  const day = local.subtract({ hours, minutes }).toPlainDate();
  if (spec.unit === 'hour' || spec.unit === 'minute') {
    const length = (spec.every ?? 1) * (spec.unit === 'hour' ? 60 : 1);
    return slotStarts(length, day.toPlainDateTime(dayStart), local);
  }
  const firstDate = firstDates(spec, day);
  return (shift) => firstDate(shift).toPlainDateTime(dayStart);
}

const MINUTES_A_DAY = 24 * 60;

/** The last slot of a day is what is left of it: each day begins with a slot of its own. */
function slotStarts(
  minutesEach: number,
  dayStart: Temporal.PlainDateTime,
  local: Temporal.PlainDateTime,
): PeriodStarts {
  const slotsADay = Math.ceil(MINUTES_A_DAY / minutesEach);
  const current = Math.floor(dayStart.until(local, { largestUnit: 'minutes' }).minutes / minutesEach);
  return (shift) => {
    const slot = current + shift;
    return dayStart.add({
      days: Math.floor(slot / slotsADay),
      minutes: (slot % slotsADay) * minutesEach,
    });
  };
}

/** The first date of the period that lies `shift` periods after the one of `day`. */
function firstDates(
  { unit, startsOn }: WindowSpec,
  day: Temporal.PlainDate,
): (shift: number) => Temporal.PlainDate {
  switch (unit) {
    case 'day':
      return (days) => day.add({ days });
    case 'week': {
      const weekday = startsOn === undefined ? 1 : WEEKDAYS.indexOf(startsOn as Weekday) + 1;
      const first = day.subtract({ days: (day.dayOfWeek - weekday + 7) % 7 });
      return (weeks) => first.add({ weeks });
    }
    case 'month':
      return monthStarts(Number(startsOn ?? 1), day);
    case 'quarter': {
      const first = day.with({ day: 1 }).subtract({ months: (day.month - 1) % 3 });
      return (quarters) => first.add({ months: 3 * quarters });
    }
    case 'year':
      return yearStarts(String(startsOn ?? '01-01'), day);
    case 'minute':
    case 'hour':
    case 'total':
    case 'concurrent':
      throw new RangeError(`${unit} has no first date`);
    default:
      return unit satisfies never;
  }
}

/** On this day of each month, or on its last one where the month is shorter. */
function monthStarts(dayOfMonth: number, day: Temporal.PlainDate): (shift: number) => Temporal.PlainDate {
  const startIn = (month: Temporal.PlainYearMonth) =>
    month.toPlainDate({ day: Math.min(dayOfMonth, month.daysInMonth) });
  const month = day.toPlainYearMonth();
  const hasBegun = Temporal.PlainDate.compare(startIn(month), day) <= 0;
  return (shift) => startIn(month.add({ months: hasBegun ? shift : shift - 1 }));
}

/** On this day of each year, `MM-DD`; `02-29` is 28 February where there is none. */
function yearStarts(dayOfYear: string, day: Temporal.PlainDate): (shift: number) => Temporal.PlainDate {
  const [month = 1, dayOfMonth = 1] = dayOfYear.split('-').map(Number);
  const startIn = (year: number) =>
    Temporal.PlainDate.from({ year, month, day: dayOfMonth }, { overflow: 'constrain' });
  const hasBegun = Temporal.PlainDate.compare(startIn(day.year), day) <= 0;
  return (shift) => startIn(day.year + (hasBegun ? shift : shift - 1));
}
