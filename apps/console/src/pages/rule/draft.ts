import { useState } from 'react';
import type { Rule } from '../../api/types.ts';

/** What is being edited, kept over a reload of the page; undefined while nothing is changed. */
export function useDraft(id: string, inForce: Rule) {
  const key = `sundial-draft ${id}`;
  const [draft, setDraft] = useState<Rule | undefined>(() => {
    const kept = sessionStorage.getItem(key);
    return kept === null ? undefined : (JSON.parse(kept) as Rule);
  });
  const change = (rule: Rule) => {
    if (JSON.stringify(rule) === JSON.stringify(inForce)) return discard();
    sessionStorage.setItem(key, JSON.stringify(rule));
    setDraft(rule);
  };
  const discard = () => {
    sessionStorage.removeItem(key);
    setDraft(undefined);
  };
  return [draft, change, discard] as const;
}
