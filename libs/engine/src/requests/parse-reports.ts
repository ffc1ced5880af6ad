import {
  type InputError,
  MAX_CLOCK_SKEW_MS,
  MAX_ERRORS,
  type Report,
  reportSchema,
  said,
} from '@sundial/contract';
import { validator } from './parse-request.js';

const errorsIn = validator(reportSchema);
/** ISO-8601 with offset, to the nanosecond at most. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const MINUTE_MS = 60_000;

/**
 * What is wrong with any report of a request, each named by its place: `reports.3.decidedAt`. Reading stops where there are more
 * errors than help. `now` is the store's clock.
 */
export function validationErrorsInReports(reports: readonly Report[], now: number): readonly InputError[] {
  if (!Array.isArray(reports)) return [{ path: 'reports', ...said('list-of', { what: 'reports' }) }];
  const errors: InputError[] = [];
  for (const [index, report] of (reports as readonly Report[]).entries()) {
    const found = errorsIn(report);
    const all = found.length > 0 ? found : aboutInstant(report, now);
    for (const { path, ...fault } of all)
      errors.push({ path: `reports.${index}${path && '.'}${path}`, ...fault });
    if (errors.length < MAX_ERRORS || index === reports.length - 1) continue;
    return [
      ...errors.slice(0, MAX_ERRORS - 1),
      { path: 'reports', ...said('more-errors-after', { path: `reports.${index}` }) },
    ];
  }
  return errors;
}

/** Epoch milliseconds; NaN for what is no instant. */
export function instantOf(text: string): number {
  return INSTANT.test(text) ? Date.parse(text) : NaN;
}

function aboutInstant({ decidedAt }: Report, now: number): readonly InputError[] {
  const ahead = instantOf(decidedAt) - now;
  if (ahead <= MAX_CLOCK_SKEW_MS) return NOTHING;
  if (Number.isNaN(ahead)) return [{ path: 'decidedAt', ...said('instant') }];
  const minutes = Math.ceil(ahead / MINUTE_MS);
  return [{ path: 'decidedAt', ...said('clock-ahead', { minutes, to: MAX_CLOCK_SKEW_MS / MINUTE_MS }) }];
}

const NOTHING: readonly InputError[] = [];
