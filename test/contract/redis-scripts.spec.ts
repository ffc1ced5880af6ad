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

const [AT, LATER] = [NOW, NOW + HOUR_MS].map((instant) => instant.toString(36));
const DEADLINE = String(NOW + HOUR_MS);
/** The words of all these arguments that stand at the same positions. */
const wordsAt = (args: readonly number[], words: readonly number[]) =>
  args.flatMap((arg) => words.map((word) => [arg, word] as const));

const HOLD: Call = {
  ...TAKE,
  lua: scripts.hold,
  args: [
    ...TAKE.args.slice(0, 3),
    ...[`;1 1 a1 ref1 60000 r -`, `;2 1 a2 ref2 60000 c ${AT}`, `;3 1 a3 ref3 60000 r -`],
  ],
  free: wordsAt([3, 4, 5], [0, 1, 2, 3]),
  signed: [...TAKE.signed, ...wordsAt([3, 4, 5], [6])],
  instants: [...TAKE.instants, ...wordsAt([3, 4, 5], [6])],
};
const END_HOLD: Call = {
  lua: scripts.endHold,
  keys: TAKE.keys,
  args: [
    COMMON,
    '',
    `;1 1 ${DEADLINE} commit - units=2+tokens=z`,
    ...[`;2 1 ${DEADLINE} release ${AT} -`, `;3 1 ${DEADLINE} look - -`],
  ],
  // Limit sets are read where more is committed than is held.
  free: [[1, 0], ...wordsAt([2, 3, 4], [0])],
  signed: [[0, 1], ...wordsAt([2, 3, 4], [2, 4])],
  instants: wordsAt([2, 3, 4], [4]),
};
const EXTEND_HOLD: Call = {
  lua: scripts.extendHold,
  keys: TAKE.keys.slice(0, 4),
  args: [COMMON, LIMIT_SETS, `;1 ${DEADLINE} 60000 - units=2 1`, `;2 ${DEADLINE} 0 ${AT} - 1`],
  free: wordsAt([2, 3], [0]),
  signed: [[0, 1], ...wordsAt([2, 3], [1, 3]), ...BOUNDS_OF_BOTH],
  instants: [...wordsAt([2, 3], [3]), ...BOUNDS_OF_BOTH],
};
const UNDO_EXTENSION: Call = {
  lua: scripts.undoExtension,
  keys: TAKE.keys.slice(0, 4),
  args: [
    COMMON,
    ...[`;1 1 - 2 ${LATER} 1 ${LATER} d${STARTS}=1`, `;2 1 ${AT} 2 ${LATER} 1 ${LATER} d${STARTS}=1`],
  ],
  free: wordsAt([1, 2], [0, 3, 5, 7]),
  signed: [[0, 1], ...wordsAt([1, 2], [2, 4, 6])],
  instants: wordsAt([1, 2], [2, 4, 6]),
};
const SETTLE_HOLD: Call = {
  lua: scripts.settleHold,
  keys: TAKE.keys,
  args: [
    COMMON,
    LIMIT_SETS,
    '1 hold 1 00 1;1 commit 2 00 1;1 release 1 01 1',
    `;1 1 a1 ${LATER} ref1 ${AT} ${LATER} ${AT} rd- units=1`,
    `;2 2 a2 ${LATER} ref2 ${AT} ${LATER} ${AT} cl- units=1`,
    `;3 1 a3 ${LATER} ref3 ${AT} ${LATER} ${AT} r-- -`,
  ],
  free: wordsAt([3, 4, 5], [0, 1, 2, 4]),
  signed: [[0, 1], ...wordsAt([3, 4, 5], [3, 5, 6, 7]), ...BOUNDS_OF_BOTH],
  instants: [...wordsAt([3, 4, 5], [3, 5, 6, 7]), ...BOUNDS_OF_BOTH],
};
const REFUND: Call = {
  lua: scripts.refund,
  keys: TAKE.keys.slice(0, 4),
  args: [COMMON, LIMIT_SETS, `;1 ${DEADLINE} refund ${LATER} 1`, `;2 ${DEADLINE} settle ${LATER} 1`],
  free: wordsAt([2, 3], [0]),
  signed: [[0, 1], ...wordsAt([2, 3], [1, 3]), ...BOUNDS_OF_BOTH],
  instants: [...wordsAt([2, 3], [3]), ...BOUNDS_OF_BOTH],
};
const GIVE_BACK: Call = {
  ...TAKE,
  lua: scripts.giveBack,
  args: [...TAKE.args.slice(0, 3), ';1 1 a1 return', ';2 1 a2 undo', ';3 1 a3 return'],
};
const SET_USAGE: Call = {
  lua: scripts.setUsage,
  keys: ['counter', 'counter'],
  args: [COMMON, LIMIT_SETS, `${DEADLINE} 1`, `${DEADLINE} 1`],
  free: [],
  signed: [[0, 1], ...wordsAt([2, 3], [0]), ...BOUNDS_OF_BOTH],
  instants: BOUNDS_OF_BOTH,
};
const HELD = new RegExp(`^d${STARTS}=3 R${STARTS}=3 h${STARTS}=3 R${STARTS}=3 H[0-9a-z]+=2$`);
const SETTLED_HOLDS = new RegExp(`^d${STARTS}=2 R${STARTS}=1 h${STARTS}=2 R${STARTS}=1 H[0-9a-z]+=1$`);

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
    ['take.lua', TAKE, /taken/, COUNTED],
    ['settle.lua', SETTLE, /counted/, COUNTED],
    ['take.lua of several meters', TAKE_OF_METERS, /taken/, METERS_COUNTED],
    ['settle.lua of several meters', SETTLE_OF_METERS, /counted/, METERS_COUNTED],
    ['hold.lua', HOLD, /\+taken/, HELD],
    ['end-hold.lua', END_HOLD, /^2 \d+ not-found not-found not-found$/, undefined],
    ['extend-hold.lua', EXTEND_HOLD, /^2 \d+ not-found not-found$/, undefined],
    ['undo-extension.lua', UNDO_EXTENSION, /^2 \d+ not-found not-found$/, undefined],
    ['settle-hold.lua', SETTLE_HOLD, /^2 counted 0 counted 0 voided$/, SETTLED_HOLDS],
    ['refund.lua', REFUND, /^2 \d+ not-found voided$/, undefined],
    ['give-back.lua', GIVE_BACK, /nothing-to-return .* undone /, undefined],
    ['set-usage.lua', SET_USAGE, /\+set 0 10 0 3 0 0/, new RegExp(`^d${STARTS}=10 h${STARTS}=3$`)],
  ] as const)('%s', (_name, call: Call, said, counted) => {
    const typed = wordsOf(call.args).filter((word) => !isOneOf(call.free, word));
    const isInstant = (word: Word) => isOneOf(call.instants, word);

    it('counts with good arguments', async () => {
      const reply = String(await run(call));
      expect(reply).toMatch(/^2\b/);
      expect(reply).toMatch(said);
      const counter = await redis.cli('GET', 'counter');
      if (counted === undefined) expect(counter).toBeNull();
      else expect(counter).toMatch(counted);
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
