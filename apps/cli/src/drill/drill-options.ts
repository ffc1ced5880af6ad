import { ATTRIBUTE_PATTERN, MAX_VALUE_LENGTH, NAME_PATTERN, type Subject } from '@sundial/contract';
import { InvalidArgumentError } from 'commander';

/** As many failures in a row raise the alarms that ship; with fewer calls there would be none. */
const MIN_CALLS = 12;
const MAX_CALLS = 200;

/** One `--subject name=value`; the option may be repeated. */
export function subjectOption(text: string, before: Subject = {}): Subject {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/su.exec(text) ?? [];
  if (!ATTRIBUTE_PATTERN.test(name) || value === '' || [...value].length > MAX_VALUE_LENGTH) {
    throw new InvalidArgumentError('Write it as attribute=value, like user=u1.');
  }
  return { ...before, [name]: value };
}

export function resourceOption(text: string): string {
  if (!NAME_PATTERN.test(text)) throw new InvalidArgumentError('It is no name of a resource.');
  return text;
}

export const callsOption = integerOption(MIN_CALLS, MAX_CALLS);
export const deadlineOption = integerOption(10, 5_000);
export const toleranceOption = integerOption(0, 60_000);

function integerOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
