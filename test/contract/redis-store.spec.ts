import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import { REMEMBER_MS, REMEMBER_SETTLED_MS } from '@sundial/engine/ports';
import type { RedisStore } from '@sundial/redis';
import type { RedisProcess } from '../support/redis-process.js';
import { type StoreUnderTest, redisStoreUnderTest } from './store-under-test.js';
import { scriptsRun } from './redis-commands.js';
import {
  counter,
  daily,
  DAY_MS,
  HOUR_MS,
  hourly,
  NOON,
  operation,
  settling,
  taking,
  used,
} from './store-requests.js';

describe('RedisStore', () => {
  let underTest: StoreUnderTest & { readonly redis: RedisProcess };
  let redis: RedisProcess;
  let store: Store;
  beforeAll(async () => {
    underTest = await redisStoreUnderTest();
    redis = underTest.redis;
  });
  beforeEach(async () => {
    await underTest.empty();
    store = await underTest.at(NOON);
  });
  afterAll(() => underTest.close());

  const both = counter([daily(1_000_000), hourly(1_000_000)]);

  describe('keys', () => {
    const livesForMs = async (key: string) => Number(await redis.cli('PTTL', key));
    const nextLeftMs = ({ bounds }: ReturnType<typeof daily>) => bounds[2] - NOON;

    it('of counters outlive their windows, and the next ones, by an hour to an hour and a half', async () => {
      await store.take(taking([both]));
      const least = nextLeftMs(both.limits[0]!) + HOUR_MS;
      expect(await livesForMs(both.key)).toBeGreaterThan(least - 10_000);
      expect(await livesForMs(both.key)).toBeLessThanOrEqual(least + HOUR_MS / 2);
    });

    it('of counters do not expire together when their windows end together, whether taken or settled', async () => {
      const subjects = Array.from({ length: 400 }, (_, n) => counter([daily(5)], { name: `subject-${n}` }));
      await Promise.all(
        subjects.map((subject, n) =>
          n % 2 === 0 ? store.take(taking([subject])) : store.settle(settling('count', taking([subject]))),
        ),
      );
      const lives = await Promise.all(subjects.map(({ key }) => livesForMs(key)));
      const first = Math.min(...lives);
      const perTenth = Array<number>(10).fill(0);
      for (const life of lives) perTenth[Math.floor((10 * (life - first)) / (HOUR_MS / 2))]!++;
      for (const expiring of perTenth) expect(expiring).toBeGreaterThan(10);
      const [one] = subjects;
      await redis.cli('DEL', one!.key);
      await store.take(taking([one!]));
      expect(Math.abs((await livesForMs(one!.key)) - lives[0]!)).toBeLessThan(10_000);
    });

    it('of counters live on when a new window starts', async () => {
      await store.take(taking([counter([hourly(5)])]));
      const nextHour = NOON + HOUR_MS;
      const later = counter([hourly(5, { at: nextHour })]);
      await (await underTest.at(nextHour)).take(taking([later]));
      const expected = later.limits[0]!.bounds[2] - nextHour + HOUR_MS;
      expect(await livesForMs(later.key)).toBeGreaterThan(expected - 10_000);
    });

    it('of counters that have lost their expiry get one with the next window', async () => {
      await store.take(taking([counter([hourly(5)])]));
      const nextHour = NOON + HOUR_MS;
      const later = counter([hourly(5, { at: nextHour })]);
      await redis.cli('PERSIST', later.key);
      await (await underTest.at(nextHour)).take(taking([later]));
      expect(await livesForMs(later.key)).toBeGreaterThan(HOUR_MS);
    });

    it('of operations live for as long as an operation is remembered', async () => {
      await store.take(taking([both], { operation: operation('o1') }));
      expect(await livesForMs('sd1:own:o')).toBeLessThanOrEqual(REMEMBER_MS);
      expect(await livesForMs('sd1:own:o')).toBeGreaterThan(REMEMBER_MS - 10_000);
    });

    it('of settlements live for longer, also when another operation is remembered in their bucket', async () => {
      await store.settle(settling('count', taking([both], { operation: operation('o1') })));
      for (const id of ['o2', 'o1']) await store.take(taking([both], { operation: operation(id) }));
      expect(await livesForMs('sd1:own:o')).toBeGreaterThan(REMEMBER_SETTLED_MS - 10_000);
    });

    it('of operations live no longer for being repeated, by whatever attempt', async () => {
      await store.take(taking([both], { operation: operation('o1') }));
      await redis.cli('PEXPIRE', 'sd1:own:o', 4_000);
      for (let again = 0; again < 3; again++) {
        const repeated = await store.take(taking([both], { operation: operation('o1') }));
        expect(repeated).toMatchObject({ outcome: 'replayed' });
      }
      expect(await livesForMs('sd1:own:o')).toBeLessThanOrEqual(4_000);
    });

    it('of operations live on from the last one in their bucket', async () => {
      await store.take(taking([both], { operation: operation('o1') }));
      await redis.cli('PEXPIRE', 'sd1:own:o', 1_000);
      await store.take(taking([both], { operation: operation('o2') }));
      expect(await livesForMs('sd1:own:o')).toBeGreaterThan(REMEMBER_MS - 10_000);
    });

    it('of operations are one for those that are made one after the other', async () => {
      for (let n = 10; n < 20; n++) await store.take(taking([both], { operation: operation(`task-${n}`) }));
      expect(await redis.cli('KEYS', 'sd1:own:*')).toEqual(['sd1:own:task-1']);
    });

    it('all expire, whatever wrote them', async () => {
      const inBucket = (bucket: string) => ({ operation: operation(`${bucket}1`) });
      const reversed = taking([both, counter([daily(9)], { name: 'other' })], inBucket('reversed'));
      await store.take(reversed);
      await store.settle(settling('void', reversed));
      await store.settle(settling('void', taking([both], inBucket('voided'))));
      const counted = counter([hourly(9)], { name: 'counted' });
      await store.settle(settling('count', taking([counted], inBucket('counted'))));
      const late = counter([hourly(9, { at: 0 })], { name: 'late' });
      await store.settle(settling('count', taking([late], inBucket('late'))));
      const all = (await redis.cli('KEYS', '*')) as string[];
      const keys = all.filter((key) => key !== 'sd1:{secret}:operations');
      expect(keys.length).toBeGreaterThanOrEqual(7);
      for (const key of keys) expect([key, await livesForMs(key)]).toEqual([key, expect.any(Number)]);
      for (const key of keys) expect(await livesForMs(key)).toBeGreaterThan(0);
    });

    it('of counters that a late settlement does not touch live on', async () => {
      const evening = NOON + 6 * HOUR_MS;
      const pending = taking([both, counter([hourly(5)], { name: 'hourly' })]);
      const current = counter([hourly(5, { at: evening })], { name: 'hourly' });
      const later = await underTest.at(evening);
      await later.take(taking([current], { amount: 4 }));
      expect(await later.settle(settling('count', pending))).toEqual({ outcome: 'counted' });
      expect(await later.read({ counters: [current] })).toMatchObject({ counts: used(4) });
      expect(await livesForMs(current.key)).toBeGreaterThan(HOUR_MS);
    });
  });

  describe('a key that holds something else', () => {
    const broken = counter([daily(10)], { name: 'foreign' });
    const today = broken.limits[0]!.bounds[0].toString(36);
    /** A node's secret and its watermark are written beside what is counted, whenever they are due. */
    const keysOfCounters = async () =>
      ((await redis.cli('KEYS', '*')) as string[])
        .filter((key) => !/:watermark:|^sd1:\{secret\}/.test(key))
        .sort();

    it.each([
      ['text', ['SET', broken.key, 'not ours']],
      ['a list', ['RPUSH', broken.key, 'not ours']],
      ['a hash', ['HSET', broken.key, 'd', '1']],
      ['nothing at all', ['SET', broken.key, '']],
      ['no number', ['SET', broken.key, `d${today}=many`]],
      ['a fraction', ['SET', broken.key, `d${today}=1.5`]],
      ['less than nothing', ['SET', broken.key, `d${today}=-1`]],
      ['more than a number can be', ['SET', broken.key, `d${today}=9007199254740992`]],
      ['no count', ['SET', broken.key, `d${today}`]],
      ['something behind it', ['SET', broken.key, `d${today}=1 and more`]],
    ] as const)(
      'is answered with wrong-type, and nothing is written anywhere: %s',
      async (_what, [command, ...args]) => {
        await redis.cli(command, ...args);
        const before = await keysOfCounters();
        const request = taking([both, broken]);
        expect(await store.take(request)).toEqual({ outcome: 'wrong-type' });
        expect(await store.read({ counters: [both, broken] })).toEqual({ outcome: 'wrong-type' });
        expect(await store.settle(settling('count', request))).toEqual({ outcome: 'wrong-type' });
        expect(await store.settle(settling('void', request))).toEqual({ outcome: 'wrong-type' });
        expect(await keysOfCounters()).toEqual(before);
      },
    );

    it.each(['RPUSH', 'SET'])(
      'in the place of an operation is answered with wrong-type: %s',
      async (command) => {
        await redis.cli(command, 'sd1:own:o', 'not ours');
        const request = taking([both], { operation: operation('o1') });
        expect(await store.take(request)).toEqual({ outcome: 'wrong-type' });
        expect(await store.settle(settling('count', request))).toEqual({ outcome: 'wrong-type' });
        expect(await store.settle(settling('void', request))).toEqual({ outcome: 'wrong-type' });
        expect(await redis.cli('EXISTS', both.key)).toBe(0);
      },
    );

    // An instant beyond what a date can be made the service answer 500.
    it.each([
      ['an instant that is none', ';1 1 . !'],
      ['an instant in the far future', ';1 1 . zzzzzzzzzzzz'],
      ['an instant of many digits', `;1 1 . ${'z'.repeat(500)}`],
      ['an instant long ago', ';1 1 . -zzzzzzzzzz'],
      ['an end in the far future', `;1 1 . ${NOON.toString(36)} zzzzzzzzzz`],
      ['a record cut short', ';1 1'],
      ['a record with more in it', `;1 1 . ${NOON.toString(36)} ${NOON.toString(36)} more`],
      ['a void operation without an end', ';1 !.'],
      ['a void operation for ever', ';1 !. zzzzzzzzzzz'],
      ['nothing but a header', ';1 '],
    ])('in the place of a record is answered with wrong-type: %s', async (_what, bucket) => {
      await redis.cli('SET', 'sd1:own:o', bucket);
      expect(await store.take(taking([both], { operation: operation('o1') }))).toEqual({
        outcome: 'wrong-type',
      });
      expect(await store.take(taking([both], { operation: operation('o2') }))).toMatchObject({
        outcome: 'taken',
      });
    });

    it('concerns only the check that needs it', async () => {
      await redis.cli('SET', broken.key, 'not ours');
      const asked = [[both], [broken], [both]].map((counters) => store.take(taking(counters)));
      const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['taken', 'wrong-type', 'taken']);
    });

    it('concerns only the settlement that needs it', async () => {
      await redis.cli('SET', broken.key, 'not ours');
      await redis.cli('RPUSH', 'sd1:own:o', 'not ours');
      const takes = [
        taking([both]),
        taking([both, broken]),
        taking([both], { operation: operation('o1') }),
        taking([both]),
      ];
      const settled = takes.map((take) => store.settle(settling('count', take)));
      const outcomes = (await Promise.all(settled)).map(({ outcome }) => outcome);
      expect(outcomes).toEqual(['counted', 'wrong-type', 'wrong-type', 'counted']);
      expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(2, 2) });
    });

    it('only knows the windows of another rule is kept, and counted beside', async () => {
      await redis.cli('SET', both.key, 'w0=7');
      expect(await store.settle(settling('count', taking([both])))).toEqual({ outcome: 'counted' });
      expect(await store.take(taking([both]))).toMatchObject({ counts: used(2, 2) });
      expect(await redis.cli('GET', both.key)).toMatch(/^w0=7 d\w+=2 h\w+=2$/);
    });
  });

  it('takes its scripts up again when Redis forgets them, without a failed or a double check', async () => {
    const results: string[] = [];
    for (let round = 0; round < 40; round++) {
      const flush = redis.cli('SCRIPT', 'FLUSH');
      const asked = Array.from({ length: 25 }, () => store.take(taking([both])));
      results.push(...(await Promise.all(asked)).map(({ outcome }) => outcome));
      const pending = taking([both]);
      await store.settle(settling('count', pending));
      await flush;
      await redis.cli('SCRIPT', 'FLUSH');
      await store.settle(settling('void', pending));
    }
    expect(new Set(results)).toEqual(new Set(['taken']));
    expect(await store.read({ counters: [both] })).toMatchObject({ counts: used(1_000, 1_000) });
  });

  it('begins and ends a window in the very millisecond, and a deadline after it', async () => {
    const at = (instant: number, before: number, after: number) => {
      const bounds = [instant - before, instant + after, instant + 2 * HOUR_MS] as const;
      return [counter([{ field: 'h', max: 9, enforced: true, bounds }], { name: `${instant}-${before}` })];
    };
    const aroundNow = async () => {
      const now = Math.floor(store.now());
      const instants = Array.from({ length: 100 }, (_, i) => now + i);
      // Four takes in a row travel in one call of the script, which has one now.
      const asked = instants.flatMap((instant) => [
        taking(at(instant, HOUR_MS, 0), { deadlineAt: instant - 1 }),
        taking(at(instant, HOUR_MS, 0)),
        taking(at(instant, 0, HOUR_MS)),
        taking([both]),
      ]);
      const results = await Promise.all(asked.map((request) => store.take(request)));
      const seen = results.map((result) =>
        'counts' in result ? result.counts[0]!.windowIndex : result.outcome,
      );
      const PAST = ['expired', 'next', 'current', 'current'];
      const COMING = ['current', 'current', 'window-mismatch', 'current'];
      const isPast = instants.map((_, i) => seen[4 * i] === 'expired');
      expect(seen).toEqual(isPast.flatMap((past) => (past ? PAST : COMING)));
      return new Set(isPast);
    };
    // On a busy machine the last of the instants may pass before the first is asked about.
    while ((await aroundNow()).size < 2);
  });

  it('sends the checks of one turn as a few commands, each of a bounded size', async () => {
    await store.take(taking([both]));
    await redis.cli('CONFIG', 'RESETSTAT');
    await Promise.all(Array.from({ length: 250 }, () => store.take(taking([both]))));
    const commands = await scriptsRun(redis);
    expect(commands).toBeGreaterThanOrEqual(2);
    expect(commands).toBeLessThanOrEqual(16);
  });

  it('sends settlements that are asked at once as a few commands, each of a bounded size', async () => {
    await store.settle(settling('count', taking([both])));
    await redis.cli('CONFIG', 'RESETSTAT');
    await Promise.all(Array.from({ length: 250 }, () => store.settle(settling('count', taking([both])))));
    expect(await scriptsRun(redis)).toBe(8);
  });

  it('knows the clock of the server from its first answer on', async () => {
    expect(Math.abs(store.now() - NOON)).toBeLessThan(5_000);
    const ahead = (await underTest.at(NOON + 400 * DAY_MS)) as RedisStore;
    expect(Math.abs(ahead.now() - NOON - 400 * DAY_MS)).toBeLessThan(5_000);
  });
});
