import { hash } from 'node:crypto';

import type { OwnValue } from '@sundial/contract';
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

/** A rule's zone in one word: `Asia/Shanghai`, or `Asia/Shanghai?tz` where the subject's attribute `tz` says it. */
export function timeZoneText(timeZone: string | OwnValue<string>): string {
  return typeof timeZone === 'string' ? timeZone : `${timeZone.default}?${timeZone.by}`;
}

/** What `timeZoneText` wrote. */
export function timeZoneIn(text: string): string | OwnValue<string> {
  const [zone = text, by] = text.split('?');
  return by === undefined ? zone : { by, default: zone };
}

/**
 * Four characters (`[A-Za-z0-9_-]`) that stand for a zone's name in keys, the same on every node and for ever. No two
 * names of the tz database share a code.
 */
export function zoneCode(zone: string | OwnValue<string>): string {
  // Where each subject has its own, the attribute and the default stand for the zone.
  const timeZone = timeZoneText(zone);
  let code = zoneCodes.get(timeZone);
  if (code === undefined) zoneCodes.set(timeZone, (code = hash('sha256', timeZone, 'base64url').slice(0, 4)));
  return code;
}

/** By zone, of which there are some 600. */
const zoneCodes = new Map<string, string>();

/**
 * A number below 2^24 that stands for a zone in counters, the same on every node: names that are links to one zone have one
 * number. No two zones of the tz database share one.
 */
export function zoneNumber(timeZone: string): number {
  let number = zoneNumbers.get(timeZone);
  if (number === undefined) {
    number = Buffer.from(zoneCode(linkedZone(timeZone)), 'base64url').readUIntBE(0, 3);
    zoneNumbers.set(timeZone, number);
  }
  return number;
}

/** The zone with this number, under the name that is asked for where it is one; that name, too, where this runtime knows no such zone. */
export function zoneNumbered(number: number, asked: string): string {
  if (zoneNumber(asked) === number) return asked;
  zonesByNumber ??= new Map(knownZones().map((zone) => [zoneNumber(zone), zone]));
  return zonesByNumber.get(number) ?? asked;
}

/** Of all names of a zone the one that the runtime lists. */
function linkedZone(timeZone: string): string {
  const at = EPOCH.toZonedDateTimeISO(timeZone);
  const listed = knownZones();
  if (listed.includes(timeZone)) return timeZone;
  return listed.find((zone) => EPOCH.toZonedDateTimeISO(zone).equals(at)) ?? timeZone;
}

function knownZones(): readonly string[] {
  return (listedZones ??= ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]);
}

let listedZones: readonly string[] | undefined;
let zonesByNumber: Map<number, string> | undefined;
const zoneNumbers = new Map<string, number>();
