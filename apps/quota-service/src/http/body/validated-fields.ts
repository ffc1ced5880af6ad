import type { InputFault } from '@sundial/contract';
import type { ValidationError } from 'class-validator';

/** Options of a decorator of class-validator: what it has against a value. */
export function says(fault: InputFault): { readonly message: string; readonly context: InputFault } {
  return { message: fault.message, context: fault };
}

/** What is wrong with one field, each once; `unknown` where there is no such field. */
export function faultsIn(
  { constraints = {}, contexts = {} }: ValidationError,
  unknown: InputFault,
): readonly InputFault[] {
  const all = Object.keys(constraints).flatMap((name) =>
    name === 'whitelistValidation' ? [unknown] : ((contexts[name] as InputFault | undefined) ?? []),
  );
  return [...new Map(all.map((fault) => [fault.message, fault])).values()];
}
