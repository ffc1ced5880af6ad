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

/** Questions kept to be asked again, about 400 bytes each; when they are as many, all are forgotten. */
const MAX_KEPT = 50_000;

/**
 * Puts rules and subjects together. Most subjects come again, so the latest questions are kept, and asked again as long
 * as their windows last: keys that are made anew are dear to whoever looks them up.
 */
export class Questions {
  readonly #windows = new RuleWindowsCache();
  /** By the rules of a resource: a book that is replaced takes its questions with it. */
  #kept = new WeakMap<readonly Rule[], KeptQuestions>();
  #count = 0;

  /** The question that these rules put to this subject as they stand at the store's `now`. */
  at(rules: readonly Rule[], subject: Subject, now: number): Question {
    const kept = this.#keptFor(rules);
    const name = nameOf(subject, kept.attributes);
    const known = kept.byName.get(name);
    if (known !== undefined && this.#isCurrent(known, now)) return known;
    const question = this.#put(rules, subject, now);
    if (known === undefined) this.#count++;
    kept.byName.set(name, question);
    return question;
  }

  #put(rules: readonly Rule[], subject: Subject, now: number): Question {
    const inWindows: RuleWindows[] = [];
    const counters: CounterRef[] = [];
    for (const rule of rules) {
      const known = this.#windows.at(rule, now);
      const { key, shardGroup } = counterKey(rule, subject);
      inWindows.push(known);
      counters.push({ key, shardGroup, ladder: known.ladder });
    }
    return { rules: inWindows, counters };
  }

  #isCurrent({ rules }: Question, now: number): boolean {
    for (const known of rules) if (this.#windows.at(known.rule, now) !== known) return false;
    return true;
  }

  #keptFor(rules: readonly Rule[]): KeptQuestions {
    if (this.#count >= MAX_KEPT) {
      this.#kept = new WeakMap();
      this.#count = 0;
    }
    let kept = this.#kept.get(rules);
    if (kept === undefined) {
      const attributes = [...new Set(rules.flatMap(({ per }) => per))];
      this.#kept.set(rules, (kept = { attributes, byName: new Map() }));
    }
    return kept;
  }
}

interface KeptQuestions {
  /** All that the rules count by. */
  readonly attributes: readonly string[];
  /** By the subject's values of these attributes. */
  readonly byName: Map<string, Question>;
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
