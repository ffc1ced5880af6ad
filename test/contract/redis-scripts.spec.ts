import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { scripts } from '@sundial/lua';
import { RedisProcess } from '../support/redis-process.js';

const NOW = Date.now();
const HOUR_MS = 3_600_000;
const BOUNDS = [NOW - HOUR_MS, NOW + HOUR_MS, NOW + 2 * HOUR_MS];
const COMMON = { format: '1', offset: 0, remember: 900_000, margin: HOUR_MS };
/** Two limits: field, max, enforced, bounds. */
const LADDER = [
  ['d', 10, 1, ...BOUNDS],
  ['h', 3, 1, ...BOUNDS],
];

interface Call {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly argument: object;
}

const TAKE: Call = {
  lua: scripts.take,
  keys: ['operation', 'counter', 'operation-2', 'counter'],
  argument: {
    ...COMMON,
    ladders: [LADDER],
    checks: [
      [NOW + HOUR_MS, 1, 'fingerprint attempt', 1],
      [NOW + HOUR_MS, 2, 'fingerprint attempt', 1],
    ],
  },
};
const SETTLE: Call = {
  lua: scripts.settle,
  keys: ['operation', 'counter'],
  argument: {
    ...COMMON,
    intent: 'count',
    amount: 1,
    fingerprint: 'fingerprint',
    attempt: 'attempt',
    picks: '00',
    ladders: [LADDER],
  },
};

/** What stands where something else should; texts that Lua would read as numbers among them. */
const JUNK = [
  'null',
  'true',
  '{}',
  '[]',
  '[[]]',
  '"7"',
  '"nan"',
  '"0x10"',
  '1.5',
  '1e400',
  '9007199254740992',
];

describe('the scripts that count', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterEach(() => redis.cli('FLUSHALL'));
  afterAll(() => redis.stop());

  const run = ({ lua, keys }: Pick<Call, 'lua' | 'keys'>, ...args: string[]) =>
    redis.cli('EVAL', lua, keys.length, ...keys, ...args);

  describe.each([
    ['take.lua', TAKE],
    ['settle.lua', SETTLE],
  ])('%s', (_name, call) => {
    const good = JSON.stringify(call.argument);

    it('counts with a good argument', async () => {
      expect(await run(call, good)).toEqual(expect.arrayContaining(['1', expect.any(String)]));
      expect(await redis.cli('HGETALL', 'counter')).toEqual(
        expect.arrayContaining(['d@', String(BOUNDS[0]), 'h@', String(BOUNDS[0])]),
      );
    });

    it.each(JUNK)('raises before it writes when any part of it is %s', async (junk) => {
      for (const path of pathsOf(call.argument)) {
        if (junk === '"7"' && isText(call.argument, path)) continue;
        if (junk.startsWith('"') && isFreeText(path)) continue;
        const bad = JSON.stringify(replaced(call.argument, path, '\u0000')).replace('"\\u0000"', junk);
        await expect(run(call, bad).then((reply) => ({ path, junk, reply }))).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when a number is negative that cannot be', async () => {
      for (const path of pathsOf(call.argument)) {
        if (typeof at(call.argument, path) !== 'number' || isInstant(path)) continue;
        const bad = JSON.stringify(replaced(call.argument, path, -1));
        await expect(run(call, bad).then((reply) => ({ path, reply }))).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when any part of it is missing', async () => {
      for (const path of pathsOf(call.argument)) {
        const bad = JSON.stringify(replaced(call.argument, path, undefined));
        await expect(run(call, bad).then((reply) => ({ path, reply }))).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it.each([['nothing'], ['half of it', good.slice(0, -20)], ['two', good, good]])(
      'raises before it writes when the argument is %s',
      async (_what, ...args) => {
        await expect(run(call, ...args)).rejects.toThrow('SUNDIAL');
        expect(await redis.cli('DBSIZE')).toBe(0);
      },
    );

    it('raises before it writes when there are too few or too many keys', async () => {
      for (const keys of [call.keys.slice(0, -1), [...call.keys, 'another']]) {
        await expect(run({ ...call, keys }, good)).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });
  });
});

type Path = readonly (string | number)[];

/** Where the numbers and texts of a value are. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

function replaced(value: object, path: Path, by: unknown): object {
  const copy = structuredClone(value);
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  parent[path.at(-1)!] = by;
  return copy;
}

function isText(value: object, path: Path): boolean {
  return typeof at(value, path) === 'string' && path[0] !== 'format' && path[0] !== 'intent';
}

/** Names of fields and operations may be any text. */
function isFreeText(path: Path): boolean {
  const isField = path[0] === 'ladders' && path.at(-1) === 0;
  const isName = path[0] === 'checks' && path.at(-1) === 2;
  return isField || isName || path[0] === 'fingerprint' || path[0] === 'attempt';
}

/** The clock's offset, and instants of 1969. */
function isInstant(path: Path): boolean {
  return path[0] === 'offset' || (path[0] === 'ladders' && Number(path.at(-1)) >= 3);
}
