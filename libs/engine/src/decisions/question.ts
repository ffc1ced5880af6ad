import { counterKey } from '../counters/counter-key.js';
import { RuleWindowsCache, type RuleWindows } from '../counters/rule-windows.js';
import type { CheckRequest, Subject } from '../quota.js';
import type { Rule } from '../rules/rule.js';
import { makeId } from '../stores/own-ids.js';
import type { CounterRef, Operation } from '../stores/store.js';
import { fingerprint } from './fingerprint.js';

/** The rules of a resource in their windows, and a subject's counter under each of them. */
export interface Question {
  readonly rules: readonly RuleWindows[];
  readonly counters: readonly CounterRef[];
}

/**
 * Subjects whose counters are kept to be asked for again; at so many, all are forgotten. Measured: 470 bytes for one rule
 * that counts by one attribute, at most 2.9 KB a rule (eight attributes, the longest names).
 */
const MAX_KEPT = 50_000;
/** Of all values that are counted by. Subjects of more are put together each time: 5 KB of them would be kept each. */
const MAX_KEPT_NAME = 512;

/**
 * Puts rules and subjects together. Most subjects come again, so the counters of the latest are kept as long as their
 * windows last: keys that are made anew are dear to whoever looks them up.
 */
export class Questions {
  readonly #windows = new RuleWindowsCache();
  /** By resource: what is kept for rules that are changed goes with them. */
  #kept = new Map<string, KeptCounters>();
  #count = 0;

  /** The question that these rules put to this subject as they stand at the store's `now`. */
  at(rules: readonly Rule[], subject: Subject, now: number): Question {
    if (this.#count >= MAX_KEPT) {
      this.#kept.clear();
      this.#count = 0;
    }
    const kept = this.#keptFor(rules, now);
    const name = nameOf(subject, kept.attributes);
    let counters = kept.byName.get(name);
    if (counters === undefined) {
      counters = countersOf(kept.rules, subject);
      if (name.length > MAX_KEPT_NAME) return { rules: kept.rules, counters };
      kept.byName.set(name, counters);
      this.#count++;
    }
    return { rules: kept.rules, counters };
  }

  /** The counters of a subject as they stood at an instant that may be past: everybody else asks of now, so none are kept. */
  countersAt(rules: readonly Rule[], subject: Subject, at: number): readonly CounterRef[] {
    return countersOf(
      rules.map((rule) => this.#windows.once(rule, at)),
      subject,
    );
  }

  #keptFor(rules: readonly Rule[], now: number): KeptCounters {
    const resource = rules[0]?.resource ?? '';
    const kept = this.#kept.get(resource);
    if (kept?.of === rules && this.#areCurrent(kept.rules, now)) return kept;
    this.#count -= kept === undefined ? 0 : 1 + kept.byName.size;
    const inWindows = rules.map((rule) => this.#windows.at(rule, now));
    const attributes = [...new Set(rules.flatMap(({ per }) => per))];
    const anew = {
      of: rules,
      rules: inWindows,
      attributes,
      byName: new Map<string, readonly CounterRef[]>(),
    };
    this.#kept.set(resource, anew);
    this.#count++;
    return anew;
  }

  #areCurrent(rules: readonly RuleWindows[], now: number): boolean {
    for (const known of rules) if (this.#windows.at(known.rule, now) !== known) return false;
    return true;
  }
}

/** What is kept of the questions of one set of rules while none of their windows ends. */
interface KeptCounters {
  readonly of: readonly Rule[];
  readonly rules: readonly RuleWindows[];
  /** All that the rules count by. */
  readonly attributes: readonly string[];
  /** By the subject's values of these attributes. */
  readonly byName: Map<string, readonly CounterRef[]>;
}

function countersOf(rules: readonly RuleWindows[], subject: Subject): readonly CounterRef[] {
  return rules.map(({ rule, ladder }) => {
    const { key, shardGroup } = counterKey(rule, subject);
    return { key, shardGroup, ladder, place: undefined };
  });
}

function nameOf(subject: Subject, attributes: readonly string[]): string {
  if (attributes.length === 1) return subject[attributes[0]!]!;
  let name = '';
  for (const attribute of attributes) {
    const value = subject[attribute]!;
    name += `${value.length} ${value} `;
  }
  return name;
}

/** Names the operation of a request: the caller's id or a new one, a fingerprint of its content, and this try. */
export function operationOf(request: CheckRequest, amount: number): Operation {
  const { id: attempt, number } = makeId();
  const content = fingerprint(contentOf(request, amount));
  const { operationId } = request;
  if (operationId === undefined) return { id: attempt, fingerprint: content, attempt, number };
  return { id: operationId, fingerprint: content, attempt };
}

/** Lengths go first, so that no value can pretend to be the end of another. */
function contentOf({ resource, subject }: CheckRequest, amount: number): string[] {
  const words = [resource, String(amount)];
  const names = Object.keys(subject);
  if (names.length > 1) names.sort();
  for (const name of names) {
    const value = subject[name]!;
    words.push(name, String(value.length), value);
  }
  return words;
}
