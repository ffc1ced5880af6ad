import type { LedgerQuestions, RecordedEvent } from '@sundial/ledger';

/** Writes of one rule that are looked through. */
const MAX_WRITES = 10_000;

/**
 * A rule as it was while the rules had a version: as the last write up to then left it, or as the first one after found it.
 * Undefined where it was not there, or where nothing recorded says how it was.
 */
export async function ruleAtVersion(
  questions: Pick<LedgerQuestions, 'audit'>,
  id: string,
  version: number,
): Promise<unknown> {
  let later: RecordedEvent | undefined;
  let cursor: string | undefined;
  for (let looked = 0; looked < MAX_WRITES;) {
    const page = { limit: 1_000, ...(cursor !== undefined && { cursor }) };
    const { rows, next } = await questions.audit({ target: id }, page);
    for (const write of rows) {
      const written = versionOf(write);
      if (written === undefined) continue;
      if (written <= version) return write.outcome === 'rule-deleted' ? undefined : write.data?.after;
      later = write;
    }
    if (next === undefined || rows.length === 0) break;
    cursor = next;
    looked += rows.length;
  }
  return later?.data?.before ?? undefined;
}

/** Of a write of the rule, the version that it made. */
function versionOf({ kind, outcome, data }: RecordedEvent): number | undefined {
  if (kind !== 'admin' || !outcome.startsWith('rule-')) return undefined;
  const answered = data?.['answered'] as { readonly version?: unknown } | undefined;
  return typeof answered?.version === 'number' ? answered.version : undefined;
}
