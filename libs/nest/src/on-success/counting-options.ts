import { MAX_TTL_MS, MAX_UNITS, MIN_TTL_MS, ON_EXPIRY } from '@sundial/contract';
import type { ReservedCallsOptions } from './reserved-calls.js';

/** When and how calls count, as an application wrote it. */
export interface CountingOptions extends ReservedCallsOptions {
  readonly count?: unknown;
}

/** Of each option what it must be, and whether it is. */
const OPTIONS: {
  readonly [Name in keyof Required<ReservedCallsOptions>]: readonly [string, (value: unknown) => boolean];
} = {
  ttlMs: [
    `an integer of ${MIN_TTL_MS} to ${MAX_TTL_MS}`,
    (value) => isInteger(value, MIN_TTL_MS, MAX_TTL_MS),
  ],
  onExpiry: [`"release" or "commit"`, (value) => ON_EXPIRY.some((way) => way === value)],
  maxReleases: ['an integer from 0', (value) => isInteger(value, 0, MAX_UNITS)],
  releaseOn: [
    'a list of error classes, or a function that says of an error whether it gives the units back',
    isReleaseOn,
  ],
  actual: ['a function', isFunction],
  actualPerItem: ['a function', isFunction],
};

/** What is wrong with when and how calls count, in the words of `RiskLimitMisuseError`. */
export function errorInCounting(options: CountingOptions): string | undefined {
  const { count = 'on-call' } = options;
  if (count !== 'on-call' && count !== 'on-success') {
    return `its count must be "on-call" or "on-success", not ${shown(count)}.`;
  }
  for (const [name, [wanted, isValid]] of Object.entries(OPTIONS)) {
    const value: unknown = options[name as keyof typeof OPTIONS];
    if (value === undefined) continue;
    if (count === 'on-call') return `its option "${name}" means nothing without count: 'on-success'.`;
    if (!isValid(value)) return `its option "${name}" must be ${wanted}, not ${shown(value)}.`;
  }
  return undefined;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isInteger(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function isReleaseOn(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isFunction) : isFunction(value);
}
