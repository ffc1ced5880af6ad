import type { WindowSpec, WindowUnit } from '@sundial/contract';

/**
 * A window in one word, the same for all ways to write it: `day`, `hour*5@04:00`, `week>sunday`, `month>1?billing_day`. Defaults are left out, so
 * that `day` and `{ unit: 'day', startsAt: '00:00' }` are one window.
 */
export function windowText(window: WindowUnit | WindowSpec): string {
  if (typeof window === 'string') return window;
  const { unit, every = 1, startsAt = '00:00', startsOn } = window;
  let text: string = unit;
  if (every !== 1) text += `*${every}`;
  if (startsAt !== '00:00') text += `@${startsAt}`;
  if (typeof startsOn === 'object') text += `>${startsOn.default}?${startsOn.by}`;
  else if (startsOn !== undefined && startsOn !== DEFAULT_START[unit]) text += `>${startsOn}`;
  return text;
}

const DEFAULT_START: Partial<Record<WindowUnit, WindowSpec['startsOn']>> = {
  week: 'monday',
  month: 1,
  year: '01-01',
};
