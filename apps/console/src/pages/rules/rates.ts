/** What one node has decided under rules since it was started. */
export interface RuleUse {
  readonly since: string;
  readonly at: string;
  readonly rules: readonly { readonly rule: string; readonly allowed: number; readonly denied: number }[];
}

export interface RuleRates {
  readonly allowed: number;
  readonly denied: number;
}

/** A second of the rules in both; none where another node has answered, or it was started again. */
export function ratesBetween(before?: RuleUse, now?: RuleUse): ReadonlyMap<string, RuleRates> {
  if (before === undefined || now === undefined || before.since !== now.since) return new Map();
  const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1_000;
  const counts = new Map(before.rules.map((use) => [use.rule, use]));
  return new Map(
    now.rules.flatMap(({ rule, allowed, denied }) => {
      const was = counts.get(rule);
      if (was === undefined || seconds <= 0) return [];
      const rates = { allowed: (allowed - was.allowed) / seconds, denied: (denied - was.denied) / seconds };
      return [[rule, rates] as const];
    }),
  );
}
