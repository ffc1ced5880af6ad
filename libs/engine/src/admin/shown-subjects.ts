import type { Rule, Subject } from '@sundial/contract';
import { counterKey, KEY_FORMAT, keyPart, type CountingRule } from '../counters/counter-key.js';
import { zoneCode } from '../windows/time-zone.js';

/** A subject as its counter's key names it. */
export interface ShownSubject {
  readonly subject: Subject;
  readonly hashed?: readonly string[];
}

const HASHED = /^~[A-Za-z0-9_-]{43}$/;
const SHOWN = /^(~[A-Za-z0-9_-]{43}|[A-Za-z0-9._@+-]{1,64})$/;

/** The key of the counter of a subject, of which values may be given as the hashes that operators are shown. */
export function counterKeyOfShown(rule: CountingRule, subject: Subject): { key: string; shardGroup: string } {
  return counterKey(rule, subject, (value) => (HASHED.test(value) ? value : keyPart(value)));
}

/** How the keys of a rule's counters begin, and what follows the value of its first attribute. */
export function keysOfRule({ id, resource, per, timeZone }: Rule): { prefix: string; infix: string } {
  return { prefix: `${KEY_FORMAT}:{${resource}:${per[0]}=`, infix: `}:${id}~${zoneCode(timeZone)}` };
}

/** Undefined where the key is of another rule's counter. */
export function subjectOfKey(rule: Rule, key: string): ShownSubject | undefined {
  const { prefix, infix } = keysOfRule(rule);
  const end = key.indexOf('}');
  if (!key.startsWith(prefix) || !key.startsWith(infix, end)) return undefined;
  const values = [key.slice(prefix.length, end)];
  let at = end + infix.length;
  for (const name of rule.per.slice(1)) {
    if (!key.startsWith(`:${name}=`, at)) return undefined;
    const from = at + name.length + 2;
    const next = key.indexOf(':', from);
    at = next < 0 ? key.length : next;
    values.push(key.slice(from, at));
  }
  if (at !== key.length || !values.every((value) => SHOWN.test(value))) return undefined;
  const hashed = rule.per.filter((_, index) => values[index]!.startsWith('~'));
  const subject = Object.fromEntries(rule.per.map((name, index) => [name, values[index]!]));
  return { subject, ...(hashed.length > 0 && { hashed }) };
}
