import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { scripts } from '@sundial/lua';
import { RedisProcess } from '../support/redis-process.js';

const NOW = Date.now();
const HOUR_MS = 3_600_000;
const BOUNDS = [NOW - HOUR_MS, NOW + HOUR_MS, NOW + 2 * HOUR_MS].map(String);
/** Format, clock offset, remember, margin. */
const COMMON = ['1', '0', '900000', '3600000'];
/** Two limits: field, max, enforced, bounds. */
const LADDER = ['2', 'd', '10', '1', ...BOUNDS, 'h', '3', '1', ...BOUNDS];

interface Call {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Where `args` hold names, which may be anything; all others are numbers or words that are known. */
  readonly names: readonly number[];
  /** Where a number may be below zero. */
  readonly signed: readonly number[];
}

const TAKE: Call = {
  lua: scripts.take,
  keys: ['operation', 'counter', 'operation-2', 'counter'],
  args: [
    ...COMMON,
    ...['1', ...LADDER, '2'],
    ...[String(NOW + HOUR_MS), '1', 'fingerprint attempt ', '1', '1'],
    ...[String(NOW + HOUR_MS), '2', 'fingerprint attempt ', '1', '1'],
  ],
  names: [6, 12, 21, 26],
  signed: [1, 9, 10, 11, 15, 16, 17],
};
const SETTLE: Call = {
  lua: scripts.settle,
  keys: ['operation', 'counter'],
  args: [...COMMON, 'count', '1', 'fingerprint', 'attempt', '00', ...LADDER],
  names: [6, 7, 10, 16],
  signed: [1, 13, 14, 15, 19, 20, 21],
};

const JUNK = [
  '',
  ' ',
  'nan',
  '-nan',
  'inf',
  '1e3',
  '0x10',
  '1.5',
  ' 7',
  '7 ',
  '+7',
  '--7',
  '9007199254740992',
  '9'.repeat(400),
  'ü',
];

describe('the scripts that count', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterEach(() => redis.cli('FLUSHALL'));
  afterAll(() => redis.stop());

  const run = ({ lua, keys }: Call, args: readonly string[]) =>
    redis.cli('EVAL', lua, keys.length, ...keys, ...args);

  describe.each([
    ['take.lua', TAKE],
    ['settle.lua', SETTLE],
  ])('%s', (_name, call) => {
    it('counts with good arguments', async () => {
      expect(await run(call, call.args)).toEqual(expect.arrayContaining(['1', expect.any(String)]));
      expect(await redis.cli('HGETALL', 'counter')).toEqual(
        expect.arrayContaining(['d@', BOUNDS[0], 'h@', BOUNDS[0]]),
      );
    });

    it.each(JUNK)('raises before it writes when an argument is %j', async (junk) => {
      for (const position of call.args.keys()) {
        if (call.names.includes(position)) continue;
        const args = call.args.with(position, junk);
        await expect(run(call, args).then((reply) => ({ position, reply }))).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when a number is negative that cannot be', async () => {
      for (const position of call.args.keys()) {
        if (call.names.includes(position) || call.signed.includes(position)) continue;
        const args = call.args.with(position, '-1');
        await expect(run(call, args).then((reply) => ({ position, reply }))).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when arguments are missing, however many', async () => {
      for (let count = 0; count < call.args.length; count++) {
        await expect(run(call, call.args.slice(0, count))).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when there is one argument too many', async () => {
      await expect(run(call, [...call.args, '1'])).rejects.toThrow('SUNDIAL');
      expect(await redis.cli('DBSIZE')).toBe(0);
    });

    it('raises before it writes when there are too few or too many keys', async () => {
      for (const keys of [call.keys.slice(0, -1), [...call.keys, 'another']]) {
        await expect(run({ ...call, keys }, call.args)).rejects.toThrow('SUNDIAL');
      }
      expect(await redis.cli('DBSIZE')).toBe(0);
    });
  });
});
