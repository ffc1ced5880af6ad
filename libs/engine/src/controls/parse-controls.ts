import {
  type BrakeInput,
  brakeInputSchema,
  type DrillInput,
  drillInputSchema,
  firstErrors,
  type GateInput,
  gateInputSchema,
  type InputError,
  MAX_DRILL_MS,
  NAME_PATTERN,
  QuotaError,
  said,
  type Subject,
} from '@sundial/contract';
import { validator } from '../requests/parse-request.js';
import { validationErrorsInOnDeny } from '../rules/parse-rule.js';

const errorsIn = {
  gate: validator(gateInputSchema),
  brake: validator(brakeInputSchema),
  drill: validator(drillInputSchema),
};

/** `now` is the store's clock. @throws QuotaError `invalid-request`, every error listed; as all functions here. */
export function parseGate(input: unknown, now: number): GateInput {
  assertValid(errorsIn.gate(input), input, now);
  const { gate, until, reason, onDeny } = input as GateInput;
  return { gate, ...given({ until, reason, onDeny }) };
}

export function parseBrake(input: unknown, now: number): BrakeInput {
  assertValid(errorsIn.brake(input), input, now);
  const { resource, subject, percent, until, reason, onDeny } = input as BrakeInput;
  return {
    resource,
    ...(subject && { subject: inOrder(subject) }),
    percent,
    until,
    ...given({ reason, onDeny }),
  };
}

export function parseDrill(input: unknown, now: number): DrillInput {
  assertValid(errorsIn.drill(input), input, now, now + MAX_DRILL_MS);
  const { fault, percent, until, reason } = input as DrillInput;
  return { fault, percent, until, ...given({ reason }) };
}

export function assertResource(resource: string): void {
  if (NAME_PATTERN.test(resource)) return;
  throw QuotaError.invalid('invalid-request', [{ path: 'resource', ...said('name-in-request') }]);
}

/** What ends never has `Infinity`. */
export function endOf(until: string | undefined): number {
  return until === undefined ? Infinity : Date.parse(until);
}

function assertValid(errors: readonly InputError[], input: unknown, now: number, latest = Infinity): void {
  const all = errors.length > 0 ? errors : moreErrors(input as GateInput, now, latest);
  if (all.length > 0) throw QuotaError.invalid('invalid-request', firstErrors(all));
}

/** What no schema says. */
function moreErrors({ until, onDeny }: GateInput, now: number, latest: number): readonly InputError[] {
  const errors = onDeny === undefined ? [] : [...validationErrorsInOnDeny(onDeny)];
  if (until === undefined) return errors;
  const endsAt = endOf(until);
  const shown = new Date(Math.round(now)).toISOString();
  if (!(endsAt > now)) errors.push({ path: 'until', ...said('in-future', { now: shown }) });
  if (endsAt > latest)
    errors.push({
      path: 'until',
      ...said('too-far-ahead', { minutes: MAX_DRILL_MS / 60_000, now: shown }),
    });
  return errors;
}

/** Without the fields that are not there. */
function given<T extends object>(fields: T): { [Name in keyof T]: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function inOrder(subject: Subject): Subject {
  return Object.fromEntries(Object.entries(subject).sort(([a], [b]) => (a < b ? -1 : 1)));
}
