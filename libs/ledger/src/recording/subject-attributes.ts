import type { Subject } from '@sundial/contract';
import { searchedText } from '../blocks/hash.js';
import type { SubjectSums } from './shape-sums.js';

/** One attribute of a subject that a rule counts by. A row of `ledger_subjects`. */
export interface SubjectAttribute {
  readonly name: string;
  /** As it stands in `subjectText`, without its quotes. */
  readonly value: string;
  readonly subject_hash: number;
  readonly subject: string;
  readonly seen_at: number;
}

/** Of a subject that is counted: one that no rule counts by would fill the search with what callers make up. */
export function subjectAttributes({ hash, text, windows }: SubjectSums): readonly SubjectAttribute[] {
  if (windows.length === 0) return [];
  let seen_at = 0;
  for (const window of windows) if (window.seen_at > seen_at) seen_at = window.seen_at;
  return Object.entries(JSON.parse(text) as Subject).map(([name, value]) => ({
    name,
    value: searchedText(value),
    subject_hash: hash,
    subject: text,
    seen_at,
  }));
}
