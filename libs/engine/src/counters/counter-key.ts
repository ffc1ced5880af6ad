import { hash } from 'node:crypto';
import type { Rule, Subject } from '@sundial/contract';
import { zoneCode } from '../windows/time-zone.js';

/** Raised when a key's or a script's format changes in a way that older nodes would misread. */
export const KEY_FORMAT = 'sd1';
/** So no caller can steer a slot or meet another subject. */
const PLAIN_VALUE = /^[A-Za-z0-9._@+-]{1,64}$/;

/** What of a rule names its counters. */
export type CountingRule = Pick<Rule, 'id' | 'resource' | 'per' | 'timeZone'>;

/**
 * The key of a rule's counter for a subject, and the group of keys that share its Cluster slot. The hash tag is
 * the resource with the rule's first attribute, so rules `["user"]` and `["user","grade"]` stay atomic together:
 * `sd1:{ocr:user=u1}:ocr-per-user~k3Xa` and `sd1:{ocr:user=u1}:ocr-per-grade~k3Xa:grade=3`. A stored rule keeps the order
 * of its attributes (`inStoredOrder`), so that the order in which they are written moves no counter.
 * The code after `~` stands for the time zone: another zone starts new counters. `partOf` says how a value stands in it.
 */
export function counterKey(
  rule: CountingRule,
  subject: Subject,
  partOf: (value: string) => string = keyPart,
): { key: string; shardGroup: string } {
  const [first, ...others] = rule.per;
  const shardGroup =
    first === undefined ? rule.resource : `${rule.resource}:${attribute(first, subject, partOf)}`;
  let key = `${KEY_FORMAT}:{${shardGroup}}:${rule.id}~${zoneCode(rule.timeZone)}`;
  for (const name of others) key += `:${attribute(name, subject, partOf)}`;
  return { key, shardGroup };
}

/** The group that a counter's key names. */
export function shardGroupOf(key: string): string {
  return key.slice(key.indexOf('{') + 1, key.indexOf('}'));
}

function attribute(name: string, subject: Subject, partOf: (value: string) => string): string {
  return `${name}=${partOf(subject[name]!)}`;
}

/** A caller's text as it stands in a key: as it is where it is short and plain, else hashed. */
export function keyPart(value: string): string {
  return PLAIN_VALUE.test(value) ? value : hashed(value);
}

/** Over the UTF-16 code units: as UTF-8, all lone surrogates would be the same character. */
function hashed(value: string): string {
  return `~${hash('sha256', Buffer.from(value, 'utf16le'), 'base64url')}`;
}
