import { parseArgs } from 'node:util';
import { FULL, QUICK, type Effort } from './scenarios/scenario.js';

export interface Options {
  readonly effort: Effort;
  /** Only this scenario; undefined: all. */
  readonly only: string | undefined;
  /** The `main.js` of another build of the service, to be measured in place of this one. */
  readonly service: string | undefined;
  /** Where the rows go as JSON, every round of them. */
  readonly out: string | undefined;
}

/** @throws Error whose message says what may be asked. */
export function readOptions(args: readonly string[], scenarios: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      service: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { quick, only, service, out } = values;
  if (only !== undefined && !scenarios.includes(only))
    throw new Error(`There is no scenario "${only}": --only takes one of ${scenarios.join(', ')}.`);
  return { effort: quick ? QUICK : FULL, only, service, out };
}
