import { MAX_RULES, QuotaError } from '@sundial/contract';
import { parseRule } from './parse-rule.js';
import { isPlainObject } from './plain-json.js';
import { tooManyRules } from './rule-conflicts.js';
import { RuleIndex } from './rule-index.js';
import type { RuleEdits, StoredRule } from './rules-by-id.js';
import { isVersion, StoredBook } from './stored-book.js';

/**
 * A rule book as lines of JSON: a header that says how many rules follow, one rule a line, then one line for each later
 * change. A change names the stamp of the book it was made of, so their order in the file does not matter, and what
 * was made of another book is passed over.
 */
const FORMAT = 2;
const RULES_AT_ONCE = 200;

/** The lines of a whole book, in pieces of a size that does not stall the event loop. */
export function* wholeBook({ version, stamp, rules }: StoredBook): Generator<string, void> {
  let piece = line({ format: FORMAT, version, stamp, rules: rules.size });
  let count = 0;
  for (const stored of rules.after()) {
    piece += line(ruleEntry(stored));
    if (++count % RULES_AT_ONCE > 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** The line of a change. */
export function changeOf(
  before: StoredBook,
  { version, stamp }: StoredBook,
  { set, removed }: RuleEdits,
): string {
  return line({ after: before.stamp, version, stamp, set: set.map(ruleEntry), removed });
}

/**
 * The book that a file's text holds. A last line without its line feed was never acknowledged, and is passed over.
 * @throws Error with every error of every rule, when this is no such text.
 */
export function bookOf(text: string): StoredBook {
  const [first, ...others] = text.split('\n').slice(0, -1);
  const header = first === undefined ? undefined : json(first, 0);
  if (!isPlainObject(header)) throw new Error('it holds no rules');
  const { format, version, stamp, rules: count } = header;
  if (format !== FORMAT) throw new Error(`its format is ${String(format)}, not ${FORMAT}`);
  if (!isVersion(version) || typeof stamp !== 'string' || !isVersion(count)) {
    throw new Error('its version, stamp or number of rules is missing');
  }
  if (others.length < count) throw new Error(`it holds ${others.length} of ${count} rules`);
  if (count > MAX_RULES) throw tooManyRules();
  const set = storedRules(others.slice(0, count).map((text, at) => json(text, at + 1)));
  const book = new StoredBook(version, stamp, RuleIndex.EMPTY.changed({ set, removed: [] }));
  return afterChanges(
    book,
    others.slice(count).map((text, at) => json(text, count + at + 1)),
  );
}

function afterChanges(whole: StoredBook, changes: readonly unknown[]): StoredBook {
  const byOrigin = new Map(changes.filter(isPlainObject).map((change) => [change['after'], change]));
  let book = whole;
  for (;;) {
    const change = byOrigin.get(book.stamp);
    if (!change) return book;
    // No stamp comes twice, so no ring of changes is walked for ever.
    byOrigin.delete(book.stamp);
    const { version, stamp, set, removed } = change;
    const isWhole = isVersion(version) && typeof stamp === 'string';
    if (!isWhole || !Array.isArray(set) || !Array.isArray(removed))
      throw new Error('a change in it is damaged');
    const rules = book.rules.changed({ set: storedRules(set), removed: removed.map(String) });
    book = new StoredBook(version, stamp, rules);
  }
}

function storedRules(entries: readonly unknown[]): StoredRule[] {
  const errors: string[] = [];
  const stored = entries.flatMap((entry, index) => {
    try {
      if (!isPlainObject(entry) || !isVersion(entry['revision'])) throw new Error('its revision is missing');
      return [{ rule: parseRule(entry['rule']), revision: entry['revision'] }];
    } catch (error) {
      errors.push(`rule ${index}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
  if (errors.length > 0) throw new QuotaError('invalid-rule', errors.join('; '));
  return stored;
}

function ruleEntry({ revision, rule }: StoredRule): object {
  return { revision, rule };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function json(text: string, index: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`line ${index + 1} is not JSON`);
  }
}
