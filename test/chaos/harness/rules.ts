import type { DegradePolicy, Limit, Rule } from '@sundial/contract';

/** Windows that end within a campaign are in `brief` only; all others are far from their ends. */
const LASTING: readonly Limit[] = [
  { window: 'month', max: 25 },
  { window: 'year', max: 200 },
];

function rule(
  resource: string,
  per: readonly string[],
  degrade: DegradePolicy,
  more: Partial<Rule> = {},
): Rule {
  const id = `${resource}-per-${per.join('-')}`;
  return { id, resource, per, timeZone: 'UTC', limits: LASTING, mode: 'enforce', degrade, ...more };
}

/** The resource whose operations take of two meters. */
export const METERED = 'metered';

/**
 * What a campaign counts: each policy by itself, rules that share a shard and must stay atomic, rules that do not and
 * are taken shard by shard on a Cluster, calls and tokens together, one that only observes, and windows that end meanwhile.
 */
export const RULES: readonly Rule[] = [
  rule('local', ['user'], 'local'),
  rule('allow', ['user'], 'allow'),
  rule('deny', ['user'], 'deny'),
  rule('nested', ['user'], 'local'),
  rule('nested', ['user', 'grade'], 'local', { limits: [{ window: 'year', max: 15 }] }),
  rule('scattered', ['user'], 'deny'),
  rule('scattered', ['school'], 'local', { limits: [{ window: 'year', max: 60 }] }),
  rule(METERED, ['user'], 'local', {
    limits: [...LASTING, { window: 'month', meter: 'tokens', max: 3_000 }],
  }),
  rule('watched', ['user'], 'local', { mode: 'observe' }),
  rule('brief', ['user'], 'local', {
    limits: [
      { window: 'minute', max: 20 },
      { window: 'year', max: 1_000 },
    ],
  }),
];

/** What they are about, once each. */
export const RESOURCES: readonly string[] = [...new Set(RULES.map(({ resource }) => resource))];

const MID_JUNE = { month: 5, day: 15, hour: 12 };

/** A clock offset under which it is noon in the middle of June now: no month or year ends during a campaign. */
export function middleOfAYearOffsetMs(): number {
  const year = new Date().getUTCFullYear();
  return Date.UTC(year, MID_JUNE.month, MID_JUNE.day, MID_JUNE.hour) - Date.now();
}
