import type { QuotaSettings, RedisSettings, RuleInput } from '@sundial/contract';
import type { RedisTarget } from '@sundial/redis';
import { resolve } from 'node:path';
import { redisErrors } from './redis-setting-errors.js';
import { QuotaSettingsError, type SettingError } from './quota-settings.error.js';

/** Settings with their defaults, once they are known to be good. */
export interface CheckedSettings {
  /** Undefined: counters live in this process. */
  readonly redis: RedisTarget | undefined;
  /** Absolute. */
  readonly directory: string;
  /** An absolute path, or rules that may still be no rules. */
  readonly rules: string | readonly RuleInput[];
  readonly deadlineMs: number;
  readonly batchDeadlineMs: number;
  readonly unknownResource: 'allow' | 'deny';
  readonly journal: 'group' | 'strict';
  readonly maxSubjects: number | undefined;
  readonly clockOffsetMs: number;
}

const CENTURY_MS = 36_525 * 86_400_000;

type Check = (value: unknown) => string | undefined;

/** What each setting must be, where it is there. */
const CHECKS: Readonly<Record<keyof QuotaSettings, Check>> = {
  redis: () => undefined,
  directory: (value) =>
    isText(value) ? undefined : 'must name a directory of this process, such as "./data"',
  rules: (value) =>
    isText(value) || Array.isArray(value) ? undefined : 'must be the path of a YAML file, or a list of rules',
  deadlineMs: integer(5, 10_000),
  batchDeadlineMs: integer(50, 60_000),
  unknownResource: oneOf('allow', 'deny'),
  journal: oneOf('group', 'strict'),
  maxSubjects: integer(1, 100_000_000),
  clockOffsetMs: integer(-CENTURY_MS, CENTURY_MS),
};

/** @throws QuotaSettingsError with all errors at once. */
export function checkedSettings(settings: QuotaSettings): CheckedSettings {
  const errors = errorsIn(settings);
  if (errors.length > 0) throw new QuotaSettingsError(errors);
  const { redis, directory, rules = [], maxSubjects } = settings;
  return {
    redis: redis && targetOf(redis),
    directory: resolve(directory),
    rules: typeof rules === 'string' ? resolve(rules) : rules,
    deadlineMs: settings.deadlineMs ?? 50,
    batchDeadlineMs: settings.batchDeadlineMs ?? 2_000,
    unknownResource: settings.unknownResource ?? 'allow',
    journal: settings.journal ?? 'group',
    maxSubjects,
    clockOffsetMs: settings.clockOffsetMs ?? 0,
  };
}

function errorsIn(settings: QuotaSettings): SettingError[] {
  const names = Object.keys(CHECKS) as (keyof QuotaSettings)[];
  const unknown = Object.keys(settings)
    .filter((name) => !Object.hasOwn(CHECKS, name))
    .map((setting) => ({ setting, message: `is no setting; there are ${names.join(', ')}` }));
  const wrong = names.flatMap((setting) => {
    const value = settings[setting];
    // Only the directory has no default.
    const message = value === undefined && setting !== 'directory' ? undefined : CHECKS[setting](value);
    return message === undefined ? [] : [{ setting, ...(value !== undefined && { value }), message }];
  });
  const { redis, maxSubjects } = settings;
  const idle = {
    setting: 'maxSubjects',
    message: 'is for counters without Redis: bound Redis by its maxmemory',
  };
  return [
    ...unknown,
    ...wrong,
    ...(redis === undefined ? [] : redisErrors(redis)),
    ...(redis !== undefined && maxSubjects !== undefined ? [idle] : []),
  ];
}

function targetOf(redis: RedisSettings): RedisTarget {
  return redis.kind === 'sentinel' || redis.kind === 'cluster' ? redis : { ...redis, kind: 'single' };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function integer(min: number, max: number): Check {
  return (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be an integer from ${min} to ${max}`;
}

function oneOf(...values: readonly string[]): Check {
  return (value) => (values.includes(value as string) ? undefined : `must be one of: ${values.join(', ')}`);
}
