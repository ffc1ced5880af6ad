import { useState } from 'react';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { ratesBetween, type RuleRates } from './rates.ts';

const EVERY_MS = 5_000;

/** How many decisions a second the node that answers makes under rules, from its last two answers. */
export function useRuleRates(rules: readonly string[]): ReadonlyMap<string, RuleRates> {
  const { data } = useRead<Schemas['RuleUse']>('/admin/rule-use', {
    query: { rules: rules.join(',') },
    everyMs: EVERY_MS,
    isOn: rules.length > 0,
  });
  const [seen, setSeen] = useState<{ readonly before?: typeof data; readonly now?: typeof data }>({});
  if (data !== undefined && data !== seen.now) setSeen({ before: seen.now, now: data });
  return ratesBetween(seen.before, seen.now);
}
