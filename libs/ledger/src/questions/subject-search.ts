import type { Subject } from '@sundial/contract';
import { sql, type Kysely } from 'kysely';
import type { FoundSubject, LedgerPage, LedgerRows, SubjectWord } from '../contract/ledger-questions.js';
import { searchedText } from '../blocks/hash.js';
import type { PermanentTables } from '../tables/permanent-tables.js';
import { limitOf } from './page.js';

/** Attributes of which the values are looked at where a word names none. */
const MAX_NAMES = 32;
/** Rows of the first word among which the others are looked for: a search never reads all subjects. */
const MAX_READ = 10_000;
/** Behind every text that begins with what it follows. */
const LAST = '\u{10ffff}';

/** Finds subjects by how the values of their attributes begin: an index range for each attribute, whatever their number. */
export class SubjectSearch {
  constructor(private readonly db: Kysely<PermanentTables>) {}

  async search(
    words: readonly SubjectWord[],
    page: Pick<LedgerPage, 'limit'>,
  ): Promise<LedgerRows<FoundSubject>> {
    const [{ name, value } = { name: undefined, value: '' }, ...others] = words;
    const limit = limitOf(page);
    const found = new Map<string, number>();
    for (const each of name === undefined ? await this.#names() : [name]) {
      if (found.size >= limit) break;
      const rows = await this.#among(each, searchedText(value), others, limit);
      for (const { subject, seen_at } of rows) found.set(subject, seen_at);
    }
    const rows = [...found].slice(0, limit);
    return { rows: rows.map(([text, seenAt]) => ({ subject: JSON.parse(text) as Subject, seenAt })) };
  }

  #among(name: string, begins: string, others: readonly SubjectWord[], limit: number) {
    let range = this.db
      .selectFrom('ledger_subjects')
      .select(['subject', 'seen_at', 'value'])
      .where('name', '=', name)
      .orderBy('value')
      .limit(others.length > 0 ? MAX_READ : limit);
    if (begins !== '') range = range.where('value', '>=', begins).where('value', '<', begins + LAST);
    let query = this.db.selectFrom(range.as('near')).select(['subject', 'seen_at']);
    for (const word of others) {
      const text = textOf(word);
      // Both databases have it; how they find a text in another is not the same.
      query = query.where(sql<boolean>`replace(subject, ${sql.val(text)}, '') <> subject`);
    }
    return query.orderBy('value').limit(limit).execute();
  }

  /** Those that there are, each found by the index behind the one before. */
  async #names(): Promise<readonly string[]> {
    const { rows } = await sql<{ name: string }>`WITH RECURSIVE names(name) AS (
      SELECT min(name) FROM ledger_subjects
      UNION ALL SELECT (SELECT min(s.name) FROM ledger_subjects s WHERE s.name > names.name) FROM names WHERE names.name IS NOT NULL
    ) SELECT name FROM names WHERE name IS NOT NULL LIMIT ${sql.lit(MAX_NAMES)}`.execute(this.db);
    return rows.map(({ name }) => name);
  }
}

/** How the attribute begins in the text of a subject. */
function textOf({ name, value }: SubjectWord): string {
  return `${name === undefined ? '"' : JSON.stringify(name)}:"${searchedText(value)}`;
}
