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

/** The resource whose operations take of two meters, and whose reservations hold a few units at once. */
export const METERED = 'metered';

/**
 * What a campaign counts: each policy by itself, rules that share a shard and must stay atomic, rules that do not and
 * are taken shard by shard on a Cluster, calls and tokens together with a few at once, one that only observes, and windows that end
 * meanwhile.
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
    limits: [...LASTING, { window: 'month', meter: 'tokens', max: 3_000 }, { window: 'concurrent', max: 4 }],
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

const MINUTE_MS = 60_000;
const MID_JUNE = { month: 5, day: 15, hour: 12 };

let offsetMs: number | undefined;

/** Sets the clocks so that the minute ends in so long: only for nodes that are started later. */
export function letTheMinuteEndIn(ms: number): void {
  offsetMs = undefined;
  offsetMs = middleOfAYearOffsetMs() + MINUTE_MS - ms;
}

/**
 * A clock offset under which it was noon in the middle of June when this process first asked: no month or year ends during
 * a campaign. It is the same for all nodes and auditors of this process, so that a hold expires for all of them at once.
 */
export function middleOfAYearOffsetMs(): number {
  const year = new Date().getUTCFullYear();
  offsetMs ??= Date.UTC(year, MID_JUNE.month, MID_JUNE.day, MID_JUNE.hour) - Date.now();
  return offsetMs;
}
