import type { DegradePolicy, Limit, Rule, Subject } from '@sundial/contract';
import type { Random } from './random.js';

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

/** The resources whose operations take of two meters; reservations of the first hold a few units at once. */
const METERED = 'metered';
export const OF_TWO_METERS: readonly string[] = [METERED, 'topped'];

/** The zone and the billing day of the subject, which callers change as they like. */
export const OWN_CALENDAR = {
  timeZone: { by: 'tz', default: 'UTC' },
  month: { unit: 'month', startsOn: { by: 'billing_day', default: 1 } },
} as const satisfies { readonly timeZone: Rule['timeZone']; readonly month: Limit['window'] };
/** At noon of UTC it is far from midnight in all of them, and of one tomorrow already. */
const ZONES = ['UTC', 'Asia/Shanghai', 'America/New_York', 'Pacific/Kiritimati'] as const;
const BILLING_DAYS = ['1', '10', '16', '20'] as const;

/** What a caller says of a subject's zone and billing day. */
export function subjectsCalendar(random: Random): Subject {
  return { tz: random.pick(ZONES), billing_day: random.pick(BILLING_DAYS) };
}

/** Resources whose subjects operators give packs and overrides. */
export const ADMINISTERED: readonly string[] = ['topped', 'moving'];

/**
 * What a campaign counts: each policy by itself, rules that share a shard and must stay atomic, rules that do not and
 * are taken shard by shard on a Cluster, calls and tokens together with a few at once, one that only observes, windows that end
 * meanwhile, limits beside packs and under overrides, and windows of the subject's own zone and billing day.
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
  rule('topped', ['user'], 'local', {
    limits: [
      { window: 'month', max: 12 },
      { window: 'year', max: 20 },
      { window: 'month', meter: 'tokens', max: 1_500 },
    ],
  }),
  rule('topped', ['school'], 'local', { limits: [{ window: 'year', max: 60 }] }),
  rule('moving', ['user'], 'local', {
    timeZone: OWN_CALENDAR.timeZone,
    limits: [
      { window: 'day', max: 12 },
      { window: OWN_CALENDAR.month, max: 20 },
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
