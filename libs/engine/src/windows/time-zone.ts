import { hash } from 'node:crypto';

import { Temporal } from 'temporal-polyfill';

/**
 * The IANA name of a zone in the case the tz database writes it (`asia/shanghai` → `Asia/Shanghai`), or undefined where
 * the runtime's tz data has no such zone: junk, fixed offsets (`+08:00`), Java's three-letter zones (`PST`).
 *
 * A link stays the name that was written: `Asia/Kolkata` and `Asia/Calcutta` are the same clock under two names, and
 * which of them is the old one differs between runtimes. To Sundial they are two zones: a rule that goes from one to the
 * other starts new counters.
 */
export function canonicalTimeZone(name: string): string | undefined {
  if (!IANA_NAME.test(name)) return undefined;
  try {
    return EPOCH.toZonedDateTimeISO(name).timeZoneId;
  } catch {
    return undefined;
  }
}

/** Temporal takes offsets and date texts for zones too, and ICU has System V's; no IANA name looks like those. */
const IANA_NAME = /^(?!systemv\/)[a-z][a-z0-9_+/-]{1,63}$/i;
const EPOCH = Temporal.Instant.fromEpochMilliseconds(0);

/**
 * Four characters (`[A-Za-z0-9_-]`) that stand for a zone's name in keys, the same on every node and for ever. No two
 * names of the tz database share a code.
 */
export function zoneCode(timeZone: string): string {
  let code = zoneCodes.get(timeZone);
  if (code === undefined) zoneCodes.set(timeZone, (code = hash('sha256', timeZone, 'base64url').slice(0, 4)));
  return code;
}

/** By zone, of which there are some 600. */
const zoneCodes = new Map<string, string>();
