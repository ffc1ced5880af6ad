import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems/problem.js';
import { MAX_JSON_DEPTH } from './bounds.js';

/**
 * Takes JSON bodies and nothing else. Refused beside bad JSON: text that is not UTF-8 (decoding would make different
 * subjects equal), `__proto__`, and nesting that recursive code could not walk.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (!isUtf8(body)) return done(unusable('is not UTF-8'));
      void parse(request, body.toString(), (error, value) => {
        if (error) return done(unusable('is not valid JSON, or has a key __proto__'));
        if (isDeep(value)) return done(unusable(`is nested deeper than ${MAX_JSON_DEPTH} levels`));
        done(null, value);
      });
    },
  );
}

function unusable(message: string): Problem {
  return new Problem('invalid-json', `The body ${message}.`, { errors: [{ path: '', message }] });
}

/** Level by level, since recursion is what deep values break. */
function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) return true;
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue;
      for (const child of Object.values(node))
        if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return false;
}
