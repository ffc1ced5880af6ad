import { UNITS_METER, type Limit, type WindowUnit } from '@sundial/contract';
import { windowText } from '../windows/window-text.js';

/** Of limits of `units` in plain windows: short, since every active subject's counter holds them. */
const LETTERS: Partial<Record<WindowUnit, string>> = {
  minute: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
  month: 'M',
  year: 'y',
};

/**
 * A limit's name inside its counter, which its window and its meter make: `d` for the units of a day, `(day|tokens)` for its
 * tokens, `(hour*5@04:00)` for the units of slots of five hours.
 */
export function fieldOf({ window, meter = UNITS_METER }: Pick<Limit, 'window' | 'meter'>): string {
  const text = windowText(window);
  const letter = meter === UNITS_METER ? LETTERS[text as WindowUnit] : undefined;
  return letter ?? (meter === UNITS_METER ? `(${text})` : `(${text}|${meter})`);
}

/** The window, in one word, and the meter of the limit that has this name. */
export function limitNamedBy(field: string): { readonly window: string; readonly meter: string } {
  if (!field.startsWith('(')) return { window: UNITS.get(field) ?? '', meter: UNITS_METER };
  const [window = '', meter = UNITS_METER] = field.slice(1, -1).split('|');
  return { window, meter };
}

const UNITS = new Map(Object.entries(LETTERS).map(([unit, letter]) => [letter, unit]));
