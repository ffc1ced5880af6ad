import { Temporal } from 'temporal-polyfill';

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const TIME = String.raw`\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?`;
const INSTANT = new RegExp(`^${DATE}T${TIME}(Z|[+-]\\d{2}:\\d{2})$`);
const LOCAL = new RegExp(`^${DATE}(T${TIME})?$`);

/**
 * The instant that a text names, epoch milliseconds: with an offset, or as a date, or a date and time, of a zone. A local time that is there
 * twice is the first of both; one that is not there is as long after the change as it says. Undefined where the text is none.
 */
export function instantIn(text: string, timeZone: string): number | undefined {
  try {
    if (INSTANT.test(text)) return Temporal.Instant.from(text).epochMilliseconds;
    if (!LOCAL.test(text)) return undefined;
    if (text.includes('T'))
      return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds;
    return Temporal.PlainDate.from(text).toZonedDateTime(timeZone).epochMilliseconds;
  } catch {
    return undefined;
  }
}
