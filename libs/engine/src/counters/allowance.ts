import type { Limit, LimitSource, Rule, ScheduleState, TierLimit } from '@sundial/contract';
import { segmentAt, type ScheduleSegment } from '../schedules/schedule-at.js';
import { timesOf, type ScheduleTimes } from '../schedules/schedule-times.js';
import { isoText } from '../windows/iso-text.js';
import { fieldOf } from './limit-field.js';
import { zoneOf } from './own-rule.js';

/** How many units a limit allows in its window, and what says so. */
export interface Allowance {
  /** Null: unlimited. */
  readonly max: number | null;
  readonly source: LimitSource;
  /** The entry that `max` comes from. */
  readonly schedule?: ScheduleState;
  /** Of a limit with a schedule. */
  readonly change?: AllowanceChange;
}

interface AllowanceChange {
  /** When another entry holds, or none: until then `max` stays what it is. Infinite where that is far ahead. */
  readonly atMs: number;
  /** The largest `max` that the limit has at any time. */
  readonly most: number | null;
}

/** An allowance, and between which instants it is this one. */
export interface TimedAllowance {
  readonly allowance: Allowance;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the limits of a rule allow at an instant to those in a tier. */
export function allowanceAt(
  limit: Limit,
  { rule, tier, atMs }: { readonly rule: Rule; readonly tier: string | undefined; readonly atMs: number },
): TimedAllowance {
  const usual = tieredAllowance(limit, tier === undefined ? undefined : rule.tiers?.max[tier]);
  const { when } = limit;
  if (when === undefined) return { allowance: usual, fromMs: -Infinity, untilMs: Infinity };
  const timeZone = zoneOf(rule);
  const segment = segmentAt(timesOfAll(when), timeZone, atMs);
  const { index, fromMs, untilMs, isEnd } = segment;
  const change = { atMs: isEnd ? untilMs : Infinity, most: mostOf([usual, ...when]) };
  if (index === undefined) return { allowance: { ...usual, change }, fromMs, untilMs };
  const { max } = when[index]!;
  const schedule = scheduleState(when, { ...segment, index }, timeZone);
  return { allowance: { max, source: 'schedule', schedule, change }, fromMs, untilMs };
}

function tieredAllowance(limit: Limit, tier: readonly TierLimit[] | undefined): Allowance {
  const field = fieldOf(limit);
  const tiered = tier?.find((each) => fieldOf(each) === field);
  return tiered === undefined ? { max: limit.max, source: 'rule' } : { max: tiered.max, source: 'tier' };
}

function scheduleState(
  when: NonNullable<Limit['when']>,
  { index, untilMs, isEnd }: ScheduleSegment & { readonly index: number },
  timeZone: string,
): ScheduleState {
  return { index, ...when[index]!, until: isEnd ? isoText(untilMs, timeZone) : null };
}

function mostOf(entries: readonly { readonly max: number | null }[]): number | null {
  const all = entries.map(({ max }) => max ?? Infinity);
  const most = Math.max(...all);
  return most === Infinity ? null : most;
}

function timesOfAll(when: NonNullable<Limit['when']>): readonly ScheduleTimes[] {
  let times = knownTimes.get(when);
  if (times === undefined) knownTimes.set(when, (times = when.map(timesOf)));
  return times;
}

const knownTimes = new WeakMap<NonNullable<Limit['when']>, readonly ScheduleTimes[]>();
