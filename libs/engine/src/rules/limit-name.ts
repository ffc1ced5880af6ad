import { UNITS_METER, type WindowSpec, type WindowUnit } from '@sundial/contract';
import { windowText } from '../windows/window-text.js';
import { isPlainObject, show } from './plain-json.js';

/** What tells a limit from the others of its rule, as a sentence says it; undefined where it has no window or no meter. */
export function limitName(limit: unknown): string | undefined {
  if (!isPlainObject(limit)) return undefined;
  const { window, meter = UNITS_METER } = limit;
  if (typeof meter !== 'string' || !isWindowLike(window)) return undefined;
  const text = show(windowText(window));
  return meter === UNITS_METER ? text : `${text} of ${show(meter)}`;
}

/** Whether it has a text: it may still be wrong. */
function isWindowLike(value: unknown): value is WindowUnit | WindowSpec {
  if (!isPlainObject(value)) return typeof value === 'string';
  const { unit, startsOn, ...parts } = value;
  const start = isPlainObject(startsOn)
    ? [startsOn['by'], startsOn['default']]
    : startsOn === undefined
      ? []
      : [startsOn];
  return (
    typeof unit === 'string' &&
    [...Object.values(parts), ...start].every((part) => ['string', 'number'].includes(typeof part))
  );
}
