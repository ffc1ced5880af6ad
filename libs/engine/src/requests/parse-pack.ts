import { packInputSchema, type InputError, type PackInput, said } from '@sundial/contract';
import { validator } from './parse-request.js';

const errorsIn = validator(packInputSchema);

/** What is wrong with a pack that is to be added at this instant of the store's clock. */
export function packInputErrors(input: unknown, now: number): readonly InputError[] {
  const errors = errorsIn(input);
  if (errors.length > 0) return errors;
  const { expiresAt } = input as PackInput;
  if (expiresAt === undefined || Date.parse(expiresAt) > now) return errors;
  const shown = new Date(Math.round(now)).toISOString();
  return [{ path: 'expiresAt', ...said('in-future', { now: shown }) }];
}
