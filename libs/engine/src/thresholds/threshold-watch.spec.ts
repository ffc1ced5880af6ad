import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Rule } from '@sundial/contract';
import { aRule } from '../../../../test/contract/rules.js';
import { engineOn } from '../../../../test/support/engine-on.js';
import type { QuotaEngine } from '../quota-engine.js';
import { LiveRules } from '../rules/live-rules.js';
import { RuleBook } from '../rules/rule-book.js';
import { MemoryStore } from '../stores/memory/memory-store.js';
import type { Crossing } from './crossing.js';
import { MadeEvents } from './made-events.js';
import { ThresholdWatch } from './threshold-watch.js';

const DAY = { window: 'day', max: 10, thresholds: [0.8, 1] } as const;
const subject = { user: 'u1', city: 'x' };

let engine: QuotaEngine;
let watch: ThresholdWatch;
let rules: LiveRules;
let crossings: Crossing[];

async function watching(...all: Rule[]): Promise<void> {
  rules = new LiveRules(new RuleBook(1, all));
  crossings = [];
  watch = new ThresholdWatch(rules, (crossing) => crossings.push(crossing));
  engine = engineOn({
    store: await MemoryStore.open(),
    rules,
    observer: {
      decided: (request, decision) => watch.decided(request, decision),
      usageSettled: (usage) => watch.settled(usage),
    },
  });
}
beforeEach(() => watching(aRule({ resource: 'ocr', limits: [DAY, { window: 'hour', max: 100 }] })));

const check = (amount = 1) => engine.check({ resource: 'ocr', subject, amount });
const found = () => crossings.map(({ kind, threshold }) => threshold ?? kind);

describe('the thresholds of a limit', () => {
  it('are found once when they are reached, with the counter and the window that they are of', async () => {
    await check(7);
    expect(crossings).toEqual([]);
    await check(1);
    await check(1);
    expect(crossings).toEqual([
      {
        ...{ kind: 'threshold', id: expect.stringMatching(/^[\w-]{22}$/), resource: 'ocr' },
        ...{ rule: aRule({}).id, subject: { user: 'u1' }, window: 'day', meter: 'units', threshold: 0.8 },
        ...{
          used: 8,
          max: 10,
          startsAt: expect.any(String),
          resetsAt: expect.any(String),
          mark: expect.any(Number),
        },
      },
    ]);
  });

  it('are found in ascending order where one check reaches several', async () => {
    await check(10);
    expect(found()).toEqual([0.8, 1]);
  });

  it('are not found again when units came back, or when max has changed', async () => {
    const { operationId } = await check(8);
    await engine.refund({ resource: 'ocr', subject, operationId });
    await check(8);
    rules.apply(new RuleBook(2, [aRule({ resource: 'ocr', limits: [{ ...DAY, max: 8 }] })]));
    await check(0);
    expect(found().filter((each) => each === 0.8)).toEqual([0.8]);
  });

  it('are found again in the next window, with another id, and the same in the same window', async () => {
    const { limits } = await check(8);
    const [first] = crossings as [Crossing];
    const [day] = limits.filter(({ window }) => window === 'day');
    watch.seen('ocr', subject, [{ ...day!, startsAt: first.resetsAt }]);
    expect(found()).toEqual([0.8, 0.8]);
    expect(crossings[1]!.id).not.toBe(first.id);
  });

  it('are not found in what was decided without the store', async () => {
    const decision = await check(7);
    const limits = decision.limits.map((limit) => ({ ...limit, used: 9 }));
    watch.decided(
      { resource: 'ocr', subject },
      { ...decision, limits, degraded: { cause: 'timeout', policy: 'local' } },
    );
    expect(found()).toEqual([]);
    watch.decided({ resource: 'ocr', subject }, { ...decision, limits });
    expect(found()).toEqual([0.8]);
  });

  it('are known to have been found for at least 65,536 further ones', () => {
    const made = new MadeEvents();
    expect([made.add(-1), made.add(-1)]).toEqual([true, false]);
    for (let mark = 0; mark < 65_536; mark++) made.add(mark);
    expect(made.add(-1)).toBe(false);
    made.forget(-1);
    expect(made.add(-1)).toBe(true);
  });

  it('are of each subject, and have the same id on every node', async () => {
    await check(8);
    const [{ id }] = crossings as [Crossing];
    const other = new ThresholdWatch(rules, (crossing) => crossings.push(crossing));
    const { limits } = await engine.usage({ resource: 'ocr', subject });
    other.seen('ocr', { ...subject, city: 'y' }, limits);
    await engine.check({ resource: 'ocr', subject: { user: 'u2', city: 'x' }, amount: 8 });
    expect(crossings.map((crossing) => crossing.id)).toEqual([id, id, expect.not.stringMatching(id)]);
  });

  it('are reported again where the report was lost', async () => {
    await check(8);
    watch.lost(crossings[0]!);
    await check(0);
    expect(found()).toEqual([0.8, 0.8]);
  });

  it('are exact where a product of them is not', async () => {
    await watching(aRule({ resource: 'ocr', limits: [{ window: 'day', max: 100, thresholds: [0.07] }] }));
    await check(6);
    expect(found()).toEqual([]);
    await check(1);
    expect(found()).toEqual([0.07]);
  });

  it('are not reached of a max of 0, or of none', async () => {
    await watching(
      aRule({
        resource: 'ocr',
        limits: [
          { ...DAY, max: null },
          { ...DAY, window: 'week', max: 0, soft: true },
        ],
      }),
    );
    await check(5);
    expect(found()).toEqual([]);
  });

  it.each([['enforce'], ['observe']] as const)(
    'are reached by what a client reports, in mode %s, below max and above it',
    async (mode) => {
      await watching(aRule({ resource: 'ocr', mode, limits: [{ ...DAY, thresholds: [0.8, 1, 1.5] }] }));
      const report = (amount: number) =>
        engine.report([
          {
            ...{ operationId: `o${amount}`, resource: 'ocr', subject, amount, policy: 'allow' },
            ...{ decidedAt: new Date(engine.now()).toISOString(), allowed: true, attempted: false },
          },
        ]);
      await report(7);
      expect(found()).toEqual([]);
      await report(2);
      expect(crossings).toMatchObject([{ threshold: 0.8, used: 9, max: 10, subject: { user: 'u1' } }]);
      const [{ id }] = crossings as [Crossing];
      await report(8);
      await check(0);
      expect(found()).toEqual([0.8, 1, 1.5]);
      watch.lost(crossings[0]!);
      await check(0);
      expect(crossings.at(-1)).toMatchObject({ id, threshold: 0.8 });
    },
  );
});

describe('a limit that refuses', () => {
  it('is reported once a window and counter, with thresholds or without, and not where the amount can never fit', async () => {
    await watching(aRule({ resource: 'ocr', limits: [{ window: 'day', max: 10 }] }));
    await check(11);
    expect(found()).toEqual([]);
    await check(9);
    await check(2);
    await check(3);
    expect(crossings).toMatchObject([{ kind: 'limit-reached', used: 9, max: 10, subject: { user: 'u1' } }]);
  });

  it('is not reported where it only observes what another one refuses', async () => {
    const limits = [{ window: 'day', max: 1 }] as const;
    const rule = { resource: 'ocr', limits };
    await watching(aRule(rule), aRule({ ...rule, id: 'watched', mode: 'observe' }));
    await check(1);
    expect((await check(1)).limits.map(({ exceeded }) => exceeded)).toEqual([true, true]);
    expect(crossings).toMatchObject([{ kind: 'limit-reached', rule: aRule().id }]);
  });

  it('is not reported where it is soft, or counts what is held at once', async () => {
    const limits = [
      { window: 'day', max: 1, soft: true },
      { window: 'concurrent', max: 1 },
    ] as const;
    await watching(aRule({ resource: 'ocr', limits }));
    await check(2);
    await engine.reserve({ resource: 'ocr', subject });
    expect((await engine.reserve({ resource: 'ocr', subject })).allowed).toBe(false);
    expect(found()).toEqual([]);
  });
});
