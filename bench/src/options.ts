import { parseArgs } from 'node:util';
import { FULL, QUICK, type Effort } from './scenario.js';

export interface Options {
  readonly effort: Effort;
  /** Only this scenario; undefined: all. */
  readonly only: string | undefined;
}

/** @throws Error whose message says what may be asked. */
export function readOptions(args: readonly string[], scenarios: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
  });
  const { quick, only } = values;
  if (only !== undefined && !scenarios.includes(only))
    throw new Error(`There is no scenario "${only}": --only takes one of ${scenarios.join(', ')}.`);
  return { effort: quick ? QUICK : FULL, only };
}
