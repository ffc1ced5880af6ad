import { Problem } from '../problems/problem.js';

/** `message` says of the body what is wrong: `is not UTF-8`. */
export function invalidJson(message: string): Problem {
  return new Problem('invalid-json', `The body ${message}.`, {
    errors: [{ path: '', message: message }],
  });
}
