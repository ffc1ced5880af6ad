import type { Answer } from '../../api/client.ts';
import type { Rule } from '../../api/types.ts';
import { useKept } from '../../ui/kept.ts';

/** What is being edited, and what it was begun from: another operator may have changed that since, also before a reload. */
interface Draft {
  readonly rule: Rule;
  readonly base: Answer<Rule> | undefined;
}

/** `inForce` undefined: a new rule. */
export function useDraft(id: string, inForce: Answer<Rule> | undefined, blank: Rule) {
  const kept = useKept<Draft>(`rule ${id}`, { rule: inForce?.data ?? blank, base: inForce });
  const { rule, base } = kept.value;
  return {
    rule,
    base,
    isChanged: kept.isChanged,
    discard: kept.discard,
    change: (next: Rule) => kept.set({ rule: next, base }),
    /** The same draft, compared with another rule from now on. */
    moveTo: (next: Answer<Rule>) => kept.set({ rule, base: next }),
  };
}
