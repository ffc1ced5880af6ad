import { QuotaError, ruleTrialSchema, type RuleTried } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { noRule, refused, taken } from '../decisions/decision.js';
import { unitsOf, type Amounts } from '../operations/amounts.js';
import { enforcedMax } from '../stores/overrides.js';
import { validator } from '../requests/parse-request.js';
import type { Counts } from '../stores/counter-ref.js';

const { rule: _read, ...properties } = ruleTrialSchema.properties;
const errorsIn = validator({ ...ruleTrialSchema, properties, required: ['subject'] });

/** Of all but the rule. @throws QuotaError `invalid-request` */
export function assertTrial(check: unknown): void {
  const errors = errorsIn(check);
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
}

/** What a check of these amounts is answered where so much is counted; `counts` are of every rule of its resource. */
export function tried(
  counts: Counts<PlannedLimit>,
  amounts: Amounts,
  { rulesVersion, now }: { readonly rulesVersion: number; readonly now: number },
): RuleTried {
  const context = { operationId: '', rulesVersion, degraded: null };
  if (counts.length === 0) return shown(noRule(true, context));
  const isFull = counts.some((count) => {
    const takes = unitsOf(count.limit, amounts);
    return takes > 0 && count.used + count.reserved + takes > enforcedMax(count);
  });
  if (isFull) return shown(refused(counts, amounts, context, now));
  const after = counts.map((count) => ({ ...count, used: count.used + unitsOf(count.limit, amounts) }));
  return shown(taken(after, amounts, context));
}

function shown({
  operationId: _made,
  replayed: _never,
  degraded: _none,
  ...answer
}: ReturnType<typeof refused>): RuleTried {
  return answer;
}
