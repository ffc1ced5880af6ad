import { Problem } from '../problems/problem.js';

/** `complaint` says of the body what is wrong: `is not UTF-8`. */
export function invalidJson(complaint: string): Problem {
  return new Problem('invalid-json', `The body ${complaint}.`, {
    errors: [{ path: '', message: complaint }],
  });
}
