import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { scripts } from '@sundial/lua';
import { RedisProcess } from '../support/redis-process.js';

const NOW = Date.now();
const HOUR_MS = 3_600_000;
/** Of the windows of both limits. */
const STARTS = (NOW - HOUR_MS).toString(36);
const BOUNDS = [-1, 1, 2].map((hours) => (NOW + hours * HOUR_MS).toString(36)).join(' ');
const COMMON = `2 0 900000 ${HOUR_MS}`;
const LIMIT_SETS = `d 10 1 ${BOUNDS},h 3 1 ${BOUNDS}`;
const METERED_SETS = `(day|tokens) 10 1 ${BOUNDS},h 3 1 ${BOUNDS}`;
const COUNTED = new RegExp(`^d${STARTS}=\\d h${STARTS}=\\d$`);
const METERS_COUNTED = new RegExp(`^\\(day\\|tokens\\)${STARTS}=\\d h${STARTS}=\\d$`);

interface Call {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** The words of the arguments that may be any: of which argument, and which of its words. */
  readonly free: readonly (readonly [arg: number, word: number])[];
  /** Those that may be negative: the clock's offset, and instants of 1969. */
  readonly signed: readonly (readonly [arg: number, word: number])[];
  /** Those that may be any letters: instants to the base 36. */
  readonly instants: readonly (readonly [arg: number, word: number])[];
}

const BOUNDS_OF_BOTH = [3, 4, 5, 9, 10, 11].map((word) => [1, word] as const);

const TAKE: Call = {
  lua: scripts.take,
  keys: ['operation', 'counter', 'operation-2', 'counter', 'operation-3', 'counter'],
  args: [
    COMMON,
    LIMIT_SETS,
    `1 ${NOW + HOUR_MS} 1 1;2 ${NOW + HOUR_MS} 2 1`,
    ...[';1 f1 a1', ';2 f2 a2', ';3 f3 a3'],
  ],
  free: [0, 1, 2].flatMap((word) => [3, 4, 5].map((arg) => [arg, word] as const)),
  signed: [[0, 1], [2, 1], [2, 5], ...BOUNDS_OF_BOTH],
  instants: BOUNDS_OF_BOTH,
};
/** Of each settlement. */
const UNTIL = [3, 4, 5].map((arg) => [arg, 3] as const);
const SETTLE: Call = {
  lua: scripts.settle,
  keys: ['operation', 'counter', 'operation-2', 'counter', 'operation-3', 'counter'],
  args: [
    COMMON,
    LIMIT_SETS,
    '2 count 1 00 1;1 void 2 01 1',
    ...[';1 f1 a1', ';2 f2 a2', ';3 f3 a3'].map((name) => `${name} ${(NOW + HOUR_MS).toString(36)}`),
  ],
  free: [0, 1, 2].flatMap((word) => [3, 4, 5].map((arg) => [arg, word] as const)),
  signed: [[0, 1], ...UNTIL, ...BOUNDS_OF_BOTH],
  instants: [...UNTIL, ...BOUNDS_OF_BOTH],
};

/** The same where limits take different amounts. */
const TAKE_OF_METERS: Call = {
  ...TAKE,
  args: TAKE.args.with(1, METERED_SETS).with(2, `1 ${NOW + HOUR_MS} 1,2, 1;2 ${NOW + HOUR_MS} 0,1, 1`),
  signed: [[0, 1], [2, 1], [2, 6], ...BOUNDS_OF_BOTH],
};
const SETTLE_OF_METERS: Call = {
  ...SETTLE,
  args: SETTLE.args.with(1, METERED_SETS).with(2, '2 count 1,2, 00 1;1 void 2,0, 01 1'),
};

/** What stands where something else should; texts that Lua would read as numbers among them. */
const JUNK = ['null', '{}', '""', 'nan', '0x10', '1.5', '+1', '1e400', '9007199254740992', 'a b', ';', ','];

describe('the scripts that count', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterEach(() => redis.cli('FLUSHALL'));
  afterAll(() => redis.stop());

  const run = ({ lua, keys, args }: Call) => redis.cli('EVAL', lua, keys.length, ...keys, ...args);
  /** Rejects, and nothing is written, with one word replaced at a time. */
  const refuses = async (call: Call, words: readonly Word[], by: string) => {
    for (const word of words) {
      const args = replaced(call.args, word, by);
      await expect(run({ ...call, args }).then((reply) => ({ args, reply }))).rejects.toThrow('SUNDIAL');
    }
    expect(await redis.cli('DBSIZE')).toBe(0);
  };

  describe.each([
    ['take.lua', TAKE, COUNTED],
    ['settle.lua', SETTLE, COUNTED],
    ['take.lua of several meters', TAKE_OF_METERS, METERS_COUNTED],
    ['settle.lua of several meters', SETTLE_OF_METERS, METERS_COUNTED],
  ])('%s', (_name, call, counted) => {
    const typed = wordsOf(call.args).filter((word) => !isOneOf(call.free, word));
    const isInstant = (word: Word) => isOneOf(call.instants, word);

    it('counts with good arguments', async () => {
      expect(String(await run(call))).toMatch(/^2\b.*(taken|counted)/);
      expect(await redis.cli('GET', 'counter')).toMatch(counted);
    });

    it.each(JUNK)('raises before it writes when any word of them is %s', async (junk) => {
      const words = /^[a-z0-9]+$/.test(junk) ? typed.filter((word) => !isInstant(word)) : typed;
      await refuses(call, words, junk);
    });

    it('raises before it writes when a number is negative that cannot be', async () => {
      await refuses(
        call,
        typed.filter((word) => !isOneOf(call.signed, word)),
        '-1',
      );
    });

    it('raises before it writes when any word of them is missing', async () => {
      await refuses(call, typed, '');
    });

    it('raises before it writes when there are too few or too many arguments', async () => {
      for (const args of [[], call.args.slice(0, -1), [...call.args, 'one more']]) {
        await expect(run({ ...call, args })).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when there are too few or too many keys', async () => {
      for (const keys of [call.keys.slice(0, -1), [...call.keys, 'another']]) {
        await expect(run({ ...call, keys })).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });
  });
});

/** A word of an argument, and where it stands in its text. */
interface Word {
  readonly arg: number;
  readonly word: number;
  readonly from: number;
  readonly to: number;
}

function wordsOf(args: readonly string[]): Word[] {
  return args.flatMap((text, arg) =>
    [...text.matchAll(/[^ ,;]+/g)].map(({ 0: { length }, index }, word) => ({
      arg,
      word,
      from: index,
      to: index + length,
    })),
  );
}

function replaced(args: readonly string[], { arg, from, to }: Word, by: string): string[] {
  return args.map((text, index) => (index === arg ? text.slice(0, from) + by + text.slice(to) : text));
}

function isOneOf(places: Call['free'], { arg, word }: Word): boolean {
  return places.some(([itsArg, itsWord]) => itsArg === arg && itsWord === word);
}
