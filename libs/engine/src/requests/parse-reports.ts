import { type InputError, MAX_CLOCK_SKEW_MS, MAX_ERRORS, type Report, reportSchema } from '@sundial/contract';
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
  if (!Array.isArray(reports)) return [{ path: 'reports', message: 'must be a list of reports' }];
  const errors: InputError[] = [];
  for (const [index, report] of (reports as readonly Report[]).entries()) {
    const found = errorsIn(report);
    const all = found.length > 0 ? found : aboutInstant(report, now);
    for (const { path, message } of all)
      errors.push({ path: `reports.${index}${path && '.'}${path}`, message });
    if (errors.length < MAX_ERRORS || index === reports.length - 1) continue;
    return [
      ...errors.slice(0, MAX_ERRORS - 1),
      { path: 'reports', message: `… and more; reading stopped at reports.${index}` },
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
  if (Number.isNaN(ahead))
    return [
      { path: 'decidedAt', message: 'must be an instant with its offset: 2026-11-18T14:28:57.120+08:00' },
    ];
  const minutes = Math.ceil(ahead / MINUTE_MS);
  const message = `is ${minutes} minutes ahead of the service's clock, and ${MAX_CLOCK_SKEW_MS / MINUTE_MS} are allowed: set the clock of the client`;
  return [{ path: 'decidedAt', message }];
}

const NOTHING: readonly InputError[] = [];
