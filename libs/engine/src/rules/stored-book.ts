import { randomUUID } from 'node:crypto';
import { QuotaError } from '../errors.js';
import { parseRule } from './parse-rule.js';
import { isPlainObject } from './plain-json.js';
import { ruleChanged, ruleExists, ruleNotFound, tooManyRules } from './rule-conflicts.js';
import { MAX_RULES, RuleBook } from './rule-book.js';
import type { RuleChange } from './rule-repository.js';
import type { Rule } from './rule.js';

/** A rule and its revision: the version of the book that last changed it. */
export interface StoredRule {
  readonly rule: Rule;
  readonly revision: number;
}

/**
 * A book as repositories keep it, immutable. Its stamp is unique to this writing of this version: two books of one
 * version with different stamps were written by stores that lost data in between.
 */
export class StoredBook {
  constructor(
    readonly version: number,
    readonly stamp: string,
    readonly rules: ReadonlyMap<string, StoredRule>,
  ) {}

  /** The rules of a start-up file, before anything was stored. */
  static seed(rules: readonly Rule[]): StoredBook {
    return new StoredBook(0, randomUUID(), new Map(rules.map((rule) => [rule.id, { rule, revision: 1 }])));
  }

  /**
   * The book after a change.
   * @throws QuotaError `rule-exists`, `rule-not-found` or `rule-changed`; this book stays as it is.
   */
  changed(change: RuleChange): StoredBook {
    const id = change.kind === 'delete' ? change.id : change.rule.id;
    const current = this.rules.get(id);
    const revision = this.version + 1;
    const rules = new Map(this.rules);
    if (change.kind === 'create') {
      if (current) throw ruleExists(id);
      if (rules.size >= MAX_RULES) throw tooManyRules();
    } else {
      if (!current) throw ruleNotFound(id);
      const { expectedRevision = current.revision } = change;
      if (expectedRevision !== current.revision) throw ruleChanged(id, expectedRevision, current.revision);
    }
    if (change.kind === 'delete') rules.delete(id);
    else rules.set(id, { rule: change.rule, revision });
    return new StoredBook(revision, randomUUID(), rules);
  }

  /** The same rules written anew. */
  rewritten(version: number): StoredBook {
    return new StoredBook(version, randomUUID(), this.rules);
  }

  toRuleBook(options?: { readonly provisional: boolean }): RuleBook {
    const rules = [...this.rules.values()].map(({ rule }) => rule);
    rules.sort((a, b) => (a.id < b.id ? -1 : 1));
    return new RuleBook(this.version, rules, options);
  }

  toJSON(): object {
    const rules = [...this.rules.values()].map(({ rule, revision }) => ({ revision, rule }));
    return { format: FORMAT, version: this.version, stamp: this.stamp, rules };
  }

  /** @throws Error with every mistake of every rule, when this is no book that `toJSON` made. */
  static fromJSON(json: unknown): StoredBook {
    if (!isPlainObject(json)) throw new Error('it holds no rules');
    const { format, version, stamp, rules } = json;
    if (format !== FORMAT) throw new Error(`its format is ${String(format)}, not ${FORMAT}`);
    if (!isVersion(version) || typeof stamp !== 'string' || !Array.isArray(rules)) {
      throw new Error('its version, stamp or rules are missing');
    }
    return new StoredBook(
      version,
      stamp,
      new Map(parseStoredRules(rules).map((stored) => [stored.rule.id, stored])),
    );
  }
}

const FORMAT = 1;

export function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseStoredRules(entries: readonly unknown[]): StoredRule[] {
  if (entries.length > MAX_RULES) throw tooManyRules();
  const mistakes: string[] = [];
  const stored = entries.flatMap((entry, index) => {
    try {
      if (!isPlainObject(entry) || !isVersion(entry['revision'])) throw new Error('its revision is missing');
      return [{ rule: parseRule(entry['rule']), revision: entry['revision'] }];
    } catch (error) {
      mistakes.push(`rule ${index}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
  if (mistakes.length > 0) throw new QuotaError('invalid-rule', mistakes.join('; '));
  return stored;
}
