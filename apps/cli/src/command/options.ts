import { ATTRIBUTE_PATTERN, MAX_VALUE_LENGTH, NAME_PATTERN, type Subject } from '@sundial/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Service } from '../service/service.js';

/** One `--subject name=value`; the option may be repeated. */
export function subjectOption(text: string, before: Subject = {}): Subject {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/su.exec(text) ?? [];
  if (!ATTRIBUTE_PATTERN.test(name) || value === '' || [...value].length > MAX_VALUE_LENGTH) {
    throw new InvalidArgumentError('Write it as attribute=value, like user=u1.');
  }
  return { ...before, [name]: value };
}

/** One `--amounts meter=n`; the option may be repeated. */
export function amountsOption(text: string, before: Readonly<Record<string, number>> = {}) {
  const [, meter = '', digits = ''] = /^([^=]*)=(\d{1,16})$/.exec(text) ?? [];
  if (!NAME_PATTERN.test(meter) || digits === '')
    throw new InvalidArgumentError('Write it as meter=number, like tokens=1200.');
  return { ...before, [meter]: unitsOption(digits) };
}

/** A number of units. */
export function unitsOption(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 2^53-1.');
}

/** A whole number between two others. */
export function integerOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

export function resourceOption(text: string): string {
  if (!NAME_PATTERN.test(text)) throw new InvalidArgumentError('It is no name of a resource.');
  return text;
}

/** JSON that the service takes as it is. */
export function jsonOption(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError(`It must be a JSON object, like '{ "code": "CLOSED" }'.`);
}

export function subject(description = 'an attribute of the subject, repeatable'): Option {
  return new Option('-s, --subject <attribute=value>', description).argParser(subjectOption);
}

/** Of commands that change something. */
export interface Reason {
  readonly reason?: string;
}

export function withReason(command: Command): Command {
  return command.option('--reason <text>', 'why, for logs and the ledger; a service may require it');
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** An instant as it was typed, or a length of time from now by the clock of the service. The service judges the rest. */
export async function instantOf(text: string, service: Service): Promise<string> {
  const lengthMs = lengthOf(text);
  return lengthMs === undefined ? text : fromNow(lengthMs, service);
}

/** The same, where a length is so long ago. */
export async function pastInstantOf(text: string, service: Service): Promise<string> {
  const lengthMs = lengthOf(text);
  return lengthMs === undefined ? text : fromNow(-lengthMs, service);
}

/** Whether it is a length of time, and so another instant each time. */
export function isLength(text: string): boolean {
  return lengthOf(text) !== undefined;
}

function lengthOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

async function fromNow(lengthMs: number, service: Service): Promise<string> {
  await service.get('/health/live');
  return new Date(Date.now() + service.skewMs + lengthMs).toISOString();
}
