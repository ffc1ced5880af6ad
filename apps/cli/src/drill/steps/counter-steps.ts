import { type LimitState, UNITS_METER } from '@sundial/contract';
import type { DrillPlan } from '../plan/drill-plan.js';
import { step, type Step } from './step.js';

/** When each limit's window began, by the service, when the drill began: one that ended since can't be compared. */
export type Windows = ReadonlyMap<string, string | null>;

export function windowsOf(limits: readonly LimitState[]): Windows {
  return new Map(limits.map((limit) => [keyOf(limit), limit.startsAt]));
}

/** What one subject's counters should be. */
export interface Expected {
  readonly before: readonly LimitState[];
  /** Calls of the subject that were allowed since. */
  readonly allowed: number;
}

export interface Compared {
  readonly limits: number;
  /** Sentences, of each that differs. */
  readonly differences: readonly string[];
}

/** Compares a subject's counters: each allowed call is one unit of every meter, whatever happened on its way. */
export function compare(
  plan: Pick<DrillPlan, 'comparedRules' | 'amounts'>,
  windows: Windows,
  { before, allowed }: Expected,
  now: readonly LimitState[],
): Compared {
  const known = new Map(before.map((limit) => [keyOf(limit), limit]));
  const compared = now.filter(
    (limit) =>
      plan.comparedRules.has(limit.rule) &&
      limit.window !== 'concurrent' &&
      windows.get(keyOf(limit)) === limit.startsAt,
  );
  const differences = compared.flatMap((limit) => {
    const units = limit.meter === UNITS_METER ? 1 : (plan.amounts[limit.meter] ?? 0);
    const expected = (known.get(keyOf(limit))?.used ?? 0) + units * allowed;
    return limit.used === expected
      ? []
      : [`${limit.rule} ${shown(limit)}: used ${limit.used}, expected ${expected}`];
  });
  return { limits: compared.length, differences };
}

/** The sum of all comparisons after a fault. */
export function countersExact(allowed: number, compared: readonly Compared[]): Step {
  return judged('counters are exact', `${allowed} calls allowed`, compared);
}

/** After the drill gave its units back. */
export function unitsGivenBack(
  calls: number,
  compared: readonly Compared[],
  failures: readonly string[],
): Step {
  const [failure] = failures;
  const refused = failure === undefined ? '' : `; ${failures.length} not reversed: ${failure}`;
  const { step: name, passed, seen } = judged('units are given back', `${calls} calls reversed`, compared);
  return step(name, passed && failures.length === 0, `${seen}${refused}`);
}

function judged(name: string, what: string, compared: readonly Compared[]): Step {
  const limits = compared.reduce((sum, each) => sum + each.limits, 0);
  const differences = compared.flatMap((each) => each.differences);
  const [first] = differences;
  if (first !== undefined) return step(name, false, `${differences.length} of ${limits} differ: ${first}`);
  if (limits > 0) return step(name, true, `${what}, ${limits} counters compared`);
  return step(
    name,
    false,
    'no counter could be compared: windows ended meanwhile, or the service did not answer',
  );
}

function keyOf({ rule, window, meter }: LimitState): string {
  return `${rule} ${JSON.stringify(window)} ${meter}`;
}

function shown({ window, meter }: LimitState): string {
  return `${typeof window === 'string' ? window : JSON.stringify(window)} ${meter}`;
}
