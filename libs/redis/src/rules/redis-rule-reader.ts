import { parseRule, TimeSlice } from '@sundial/engine';
import { isVersion, type RuleEdits, RuleIndex, StoredBook, type StoredRule } from '@sundial/engine/ports';
import { entryText, type RedisRuleTable, type RuleEntry } from './redis-rule-table.js';

/** Readings of a whole book that is replaced meanwhile, each time. */
const MAX_READINGS = 3;

/** What is stored cannot be read by this version of Sundial. */
export class UnusableRulesError extends Error {
  override readonly name = 'UnusableRulesError';
}

/**
 * The stored book, or undefined where there is none: by what has changed since `confirmed`, which this node has from
 * Redis, or as a whole. Whatever `rules` hold already stays the same objects.
 * @throws UnusableRulesError, or whatever the connection throws.
 */
export async function readBook(
  table: RedisRuleTable,
  confirmed: StoredBook | undefined,
  rules: RuleIndex = RuleIndex.EMPTY,
): Promise<StoredBook | undefined> {
  if (confirmed) {
    const part = await table.changesSince(confirmed);
    if (part === 'none') return undefined;
    if (part !== 'gap') {
      const edits = await editsOf(confirmed.rules, part.entries);
      return new StoredBook(part.version, part.stamp, await confirmed.rules.changedInSlices(edits));
    }
  }
  for (let reading = 1; reading <= MAX_READINGS; reading++) {
    const book = await readWhole(table, rules);
    if (book !== 'gap') return book;
  }
  throw new Error('The rules in Redis were replaced again and again while this node was reading them.');
}

async function readWhole(table: RedisRuleTable, rules: RuleIndex): Promise<StoredBook | undefined | 'gap'> {
  const first = await table.page('0');
  if (first.version === 0) return undefined;
  const entries = new Map<string, RuleEntry>();
  for (let page = first; ; page = await table.page(page.next)) {
    for (const entry of page.entries) entries.set(entry.id, entry);
    if (page.next === '0') break;
  }
  // What was changed during the reading is in it, or not: here it is again.
  const part = await table.changesSince(first);
  if (part === 'none' || part === 'gap') return part === 'none' ? undefined : part;
  for (const entry of part.entries) entries.set(entry.id, entry);
  const { set, removed } = await editsOf(rules, entries.values());
  const missing = [...rules.after()].map(({ rule }) => rule.id).filter((id) => !entries.has(id));
  const edits = { set, removed: [...removed, ...missing] };
  return new StoredBook(part.version, part.stamp, await rules.changedInSlices(edits));
}

async function editsOf(rules: RuleIndex, entries: Iterable<RuleEntry>): Promise<RuleEdits> {
  const slice = new TimeSlice();
  const set: StoredRule[] = [];
  const removed: string[] = [];
  for (const entry of entries) {
    if (slice.isOver) await slice.next();
    const known = rules.get(entry.id);
    if (entry.text === '') removed.push(entry.id);
    else if (known === undefined || entryText(known) !== entry.text) set.push(parseEntry(entry));
  }
  return { set, removed };
}

function parseEntry({ id, text }: RuleEntry): StoredRule {
  const end = text.indexOf(':');
  try {
    const revision = Number(text.slice(0, end));
    if (id === '' || end < 1 || !isVersion(revision)) throw new Error('this is no rule');
    const rule = parseRule(JSON.parse(text.slice(end + 1)));
    if (rule.id !== id) throw new Error(`it is the rule ${rule.id}`);
    return { revision, rule };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const field = id === '' ? `field ${text}` : `rule:${id}`;
    throw new UnusableRulesError(`The stored ${field} cannot be used here: ${reason}`, { cause });
  }
}
