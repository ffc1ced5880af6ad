import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems/problem.js';
import { MAX_JSON_DEPTH } from '../bounds.js';
import { invalidJson } from './invalid-json.js';
import { parseInSlices } from './json-in-slices.js';
import { sizeMessage, TOO_DEEP } from './json-size.js';
import type { LongList, RoutePolicy } from '../routes/route.decorator.js';

/**
 * Takes JSON bodies and nothing else. Refused beside bad JSON: text that is not UTF-8 (decoding would make different
 * subjects equal), a key `__proto__`, nesting that recursive code could not walk, and more values than can be parsed in
 * a moment. Nothing is unpacked: a few
 * compressed bytes could be any number of them. A DELETE may announce JSON and send nothing, as many clients do.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    ({ method, headers, routeOptions }, body, done) => {
      if (![undefined, 'identity'].includes(headers['content-encoding'])) {
        const advice = 'Send the body as it is, without content-encoding.';
        return done(
          new Problem('unsupported-media-type', advice, { headers: { 'accept-encoding': 'identity' } }),
        );
      }
      if (!isUtf8Named(headers['content-type'])) {
        return done(new Problem('unsupported-media-type', 'JSON is UTF-8: send no other charset.'));
      }
      if (method === 'DELETE' && body.length === 0) return done(null, undefined);
      const { longList } = routeOptions.config as Partial<RoutePolicy>;
      if (longList && body.length > longList.longerThanBytes) {
        return void parseLong(body, longList).then((value) => done(null, value), done);
      }
      const parsed = parse(body);
      if ('value' in parsed) return done(null, parsed.value);
      done(invalidJson(parsed.message));
    },
  );
}

/** Lines of JSON, for the routes that take them: as one text, since only the route knows what a bad line is called. */
export function acceptLines(fastify: FastifyInstance): void {
  fastify.addContentTypeParser<Buffer>(
    LINES_TYPE,
    { parseAs: 'buffer' },
    ({ headers, routeOptions }, body, done) => {
      const { lines = false } = routeOptions.config as Partial<RoutePolicy>;
      const isPlain = [undefined, 'identity'].includes(headers['content-encoding']);
      if (!lines || !isPlain || !isUtf8Named(headers['content-type']))
        return done(
          new Problem('unsupported-media-type', 'Send JSON, in UTF-8 and without content-encoding.'),
        );
      if (!isUtf8(body)) return done(invalidJson('is not UTF-8'));
      done(null, body.toString());
    },
  );
}

export const LINES_TYPE = 'application/x-ndjson';

/** Others would read what is announced to be UTF-16 or UTF-7 differently. */
function isUtf8Named(type = ''): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type) ?? [];
  return charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset);
}

/** `parse` for megabytes. */
async function parseLong(body: Buffer, { maxValues }: LongList): Promise<unknown> {
  if (!isUtf8(body)) throw invalidJson('is not UTF-8');
  const start = body.subarray(0, MARK_BYTES.length).equals(MARK_BYTES) ? MARK_BYTES.length : 0;
  try {
    const inspect = (value: unknown, level: number) => {
      const message = messageAbout(value, level);
      if (message !== undefined) throw invalidJson(message);
    };
    return await parseInSlices(body.subarray(start), { inspect, maxValues });
  } catch (error) {
    throw error instanceof SyntaxError ? invalidJson('is not valid JSON') : error;
  }
}

function parse(body: Buffer): { readonly value: unknown } | { readonly message: string } {
  if (!isUtf8(body)) return { message: 'is not UTF-8' };
  const size = sizeMessage(body);
  if (size !== undefined) return { message: size };
  try {
    const text = body.toString();
    const value: unknown = JSON.parse(text.startsWith(MARK) ? text.slice(MARK.length) : text);
    const message = messageAbout(value);
    return message === undefined ? { value } : { message };
  } catch {
    return { message: 'is not valid JSON' };
  }
}

/** U+FEFF, which some programs put before all UTF-8 they write. A parser may pass over it (RFC 8259 §8.1). */
const MARK = '\uFEFF';
const MARK_BYTES = Buffer.from(MARK);

/** Level by level, since recursion is what deep values break. */
function messageAbout(value: unknown, depthOfValue = 0): string | undefined {
  let level = isNode(value) ? [value] : [];
  for (let depth = depthOfValue; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) return TOO_DEEP;
    const next: JsonNode[] = [];
    for (const node of level) {
      if (Array.isArray(node)) {
        for (const child of node as unknown[]) if (isNode(child)) next.push(child);
        continue;
      }
      for (const key in node) {
        if (key === '__proto__') return 'has a key __proto__';
        const child = node[key];
        if (isNode(child)) next.push(child);
      }
    }
    level = next;
  }
  return undefined;
}

type JsonNode = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is JsonNode {
  return typeof value === 'object' && value !== null;
}
