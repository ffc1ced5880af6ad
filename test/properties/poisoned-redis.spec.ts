import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import fc from 'fast-check';
import { openRedisStore } from '../contract/store-under-test.js';
import { aRule } from '../contract/rules.js';
import { lostSince } from '../../libs/engine/src/stores/watermark.js';
import { RedisProcess } from '../support/redis-process.js';
import { engineOn } from '../support/engine-on.js';

const RUNS = 400;

/** Words that records and counters are made of, and such as look like them. */
const anyWord = fc.oneof(
  fc.constantFrom(
    ';',
    ';1',
    '+;1',
    ';1 ',
    ' ',
    '!',
    '!.',
    '.',
    ',',
    '1',
    '-1',
    '0',
    'd',
    'h',
    '=',
    '1~',
    '\0',
  ),
  fc.constantFrom('9007199254740993', '1e400', 'nan', 'inf', 'z'.repeat(13), '-zzzzzzzzz', 'mwr2lmo0'),
  fc.integer({ min: 0, max: 9e15 }).map((instant) => instant.toString(36)),
  fc.integer({ min: -4e12, max: 4e12 }).map((by) => (Date.now() + by).toString(36).replace(/^-/, '')),
);
const anyText = fc.array(anyWord, { maxLength: 8 }).map((words) => words.join(''));
const anyRecord = fc
  .tuple(anyWord, anyWord, anyWord, fc.option(anyWord))
  .map((words) => `;1 ${words.filter((word) => word !== null).join(' ')}`);
const anyPoison = fc.oneof(anyText, anyRecord);

describe('whatever stands in Redis in the place of what Sundial wrote', () => {
  let redis: RedisProcess;
  let engine: QuotaEngine;
  beforeAll(async () => {
    redis = await RedisProcess.start();
    const store = await openRedisStore({ kind: 'single', url: redis.url });
    const rules = new LiveRules(new RuleBook(1, [aRule({ degrade: 'deny' })]));
    engine = engineOn({ store, rules, deadlineMs: 5_000 });
  });
  afterAll(async () => {
    await engine.close();
    await redis.stop();
  });

  it('makes no check and no usage throw, and dates are dates', async () => {
    let n = 0;
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyPoison, fc.constantFrom('page', 'counter'), async (poison, where) => {
        const subject = { user: `u${n++}` };
        const request = { resource: 'ocr', subject, operationId: 'id1' };
        await engine.check(request);
        const [key] = (await redis.cli(
          'KEYS',
          `*${where === 'page' ? ':op:ocr:*:id' : `user=${subject.user}}*`}`,
        )) as string[];
        expect(key).toBeDefined();
        await redis.cli('SET', key!, poison);
        for (const asked of [request, { ...request, amount: 2 }, request]) {
          const answer = await engine.check(asked).catch((error: { code?: string }) => error);
          if ('code' in answer) expect(answer.code).toBe('operation-conflict');
          else
            for (const limit of (answer as { limits: { startsAt: string }[] }).limits)
              expect(Number.isNaN(Date.parse(limit.startsAt))).toBe(false);
          met.add(
            'code' in answer
              ? String(answer.code)
              : `${(answer as { degraded: { cause?: string } | null }).degraded?.cause ?? 'exact'}`,
          );
        }
        await engine.usage({ resource: 'ocr', subject });
        await redis.cli('DEL', key!);
      }),
      { numRuns: RUNS },
    );
    expect([...met].sort()).toEqual(['exact', 'operation-conflict', 'store-error']);
  }, 60_000);

  it('reports no lost interval outside the time of its watermark', () => {
    const watermark = { key: 'k', since: 1_000, at: 2_000, server: 's', isLast: false };
    fc.assert(
      fc.property(fc.oneof(fc.constant(null), anyText, fc.string()), (value) => {
        const interval = lostSince(watermark, { value, server: 's' });
        if (interval)
          for (const instant of [interval.from, interval.to])
            expect(() => new Date(instant).toISOString()).not.toThrow();
      }),
    );
    expect(lostSince(watermark, { value: 'not ours', server: 's' })).toEqual({ from: 1_000, to: 4_000 });
  });
});
