import type { LimitState, Subject } from '@sundial/contract';
import type { CountedLimit } from '@sundial/engine';
import type { LedgerLimit } from '@sundial/ledger';

/** Which attributes a rule counts by; undefined where there is no such rule any more. */
export type CountedBy = (rule: string) => readonly string[] | undefined;

/** The limits of a decision or an ending as the ledger has them: what usage history is made of. Every check comes here: objects of one shape. */
export function recordedLimits(
  limits: readonly LimitState[],
  subject: Subject,
  countedBy: CountedBy,
): readonly LedgerLimit[] {
  const attributes = numberOfFields(subject);
  return limits.map((limit) => {
    const { rule, meter, used, reserved, max, exceeded } = limit;
    const per = countedBy(rule);
    const hasWindow = limit.startsAt !== null;
    return {
      rule,
      window: typeof limit.window === 'string' ? limit.window : JSON.stringify(limit.window),
      meter,
      used,
      max,
      startsAt: hasWindow ? startOf(limit) : null,
      resetsAt: hasWindow ? endOf(limit) : null,
      reserved: reserved > 0 ? reserved : undefined,
      exceeded: exceeded ? true : undefined,
      per: per?.length === attributes ? undefined : per,
    };
  });
}

function numberOfFields(subject: Subject): number {
  let fields = 0;
  for (const _ in subject) fields++;
  return fields;
}

/** What the engine decides knows its instants as numbers. */
function startOf(limit: LimitState | CountedLimit): number {
  return 'startsAtMs' in limit ? limit.startsAtMs : Date.parse(limit.startsAt!);
}

function endOf(limit: LimitState | CountedLimit): number {
  return 'resetsAtMs' in limit ? limit.resetsAtMs : Date.parse(limit.resetsAt!);
}
