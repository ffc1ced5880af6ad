import { randomUUID } from 'node:crypto';
import { RuleBook } from './rule-book.js';
import { assertPossible } from './planned-change.js';
import { RuleIndex } from './rule-index.js';
import type { RuleChange } from './rule-repository.js';
import type { Rule } from '@sundial/contract';
import type { RuleEdits } from './rules-by-id.js';

/**
 * A book as repositories keep it, immutable. Its stamp is unique to this writing of this version: two books of one
 * version with different stamps were written by stores that lost data in between.
 */
export class StoredBook {
  constructor(
    readonly version: number,
    readonly stamp: string,
    readonly rules: RuleIndex,
  ) {}

  /** The rules of a start-up file, before anything was stored. */
  static seed(rules: readonly Rule[]): StoredBook {
    return new StoredBook(0, randomUUID(), RuleIndex.of(rules, 1));
  }

  /**
   * This book with a change.
   * @throws QuotaError as `assertPossible`; this book stays as it is.
   */
  changed(change: RuleChange): StoredBook {
    const id = change.kind === 'delete' ? change.id : change.rule.id;
    assertPossible(change, { revision: this.rules.get(id)?.revision, size: this.rules.size });
    const revision = this.version + 1;
    const set = change.kind === 'delete' ? [] : [{ rule: change.rule, revision }];
    const rules = this.rules.changed({ set, removed: change.kind === 'delete' ? [id] : [] });
    return new StoredBook(revision, randomUUID(), rules);
  }

  /** The next version, with these rules set and removed. */
  async edited({ set, removed }: { set: readonly Rule[]; removed: readonly string[] }): Promise<StoredBook> {
    const revision = this.version + 1;
    const edits: RuleEdits = { set: set.map((rule) => ({ rule, revision })), removed };
    return new StoredBook(revision, randomUUID(), await this.rules.changedInSlices(edits));
  }

  /** The same rules under another version and stamp. */
  rewritten(version: number): StoredBook {
    return new StoredBook(version, randomUUID(), this.rules);
  }

  toRuleBook(options?: { readonly provisional: boolean }): RuleBook {
    return new RuleBook(this.version, this.rules, options);
  }
}

export function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
