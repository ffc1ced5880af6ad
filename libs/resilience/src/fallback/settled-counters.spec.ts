import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LimitCount, LimitSet, WindowIndex } from '@sundial/engine/ports';
import { SettledCounters, type KnownCounter } from './settled-counters.js';

const BOUNDS: readonly [number, number, number] = [100, 200, 300];
const limitsOf = (fields: string): LimitSet =>
  [...fields].map((field) => ({ field, max: 9, enforced: true, bounds: BOUNDS }));
const said = (fields: string, used: number, windowIndex: WindowIndex = 'current'): LimitCount[] => {
  const counter = { key: 'k', shardGroup: 'g', limits: limitsOf(fields) };
  return counter.limits.map((limit) => ({ counter, limit, windowIndex, used, reserved: 0 }));
};
const known = (fields: string, used: number, asked = 0): KnownCounter => ({
  limits: [...fields].map((field) => ({ field, startsAt: BOUNDS[0], used, local: 0 })),
  asked,
});
/** The order of limits means nothing. */
const sorted = (counter: KnownCounter | undefined) =>
  counter && {
    ...counter,
    limits: [...counter.limits].sort((one, other) => one.field.localeCompare(other.field)),
  };

describe('SettledCounters', () => {
  it('know what was stored, heard and asked of each counter, like a map of objects', () => {
    const fields = fc.uniqueArray(fc.constantFrom(...'hdwmqy'), { minLength: 1 }).map((all) => all.join(''));
    const used = fc.nat(2 ** 31).map((n) => n * 2 ** 22);
    const step = fc.record({
      kind: fc.constantFrom('ask', 'hear', 'store'),
      ...{
        name: fc.nat(3),
        fields,
        used,
        asked: fc.integer({ min: -5, max: 9 }),
        windowIndex: fc.constantFrom<WindowIndex>('current', 'next'),
      },
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [counters, model] = [new SettledCounters(), new Map<number, KnownCounter>()];
        for (const { kind, name, fields, used, asked, windowIndex } of steps) {
          const counter = model.get(name) ?? known('', 0);
          model.set(name, counter);
          if (kind === 'ask') {
            counters.ask(name, limitsOf(fields), asked);
            counter.asked = Math.max(0, counter.asked + asked);
          } else if (kind === 'hear') {
            for (const count of said(fields, used, windowIndex)) counters.hear(name, count);
            const others = counter.limits.filter(({ field }) => !fields.includes(field));
            const startsAt = windowIndex === 'current' ? BOUNDS[0] : BOUNDS[1];
            const heard = known(fields, used).limits.map((limit) => ({ ...limit, startsAt }));
            model.set(name, { ...counter, limits: [...others, ...heard] });
          } else {
            counters.store(name, known(fields, used, 7));
            model.set(name, known(fields, used, 7));
          }
          for (const [each, expected] of model) expect(sorted(counters.load(each))).toEqual(sorted(expected));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('know long fields apart that begin alike, and forget all rather than mistake one for another', () => {
    const fields = ['d', '(day|tokens)', '(day|tokens2)', '(day)', '(hour*5@04:00)'];
    const limits = fields.map((field) => ({ field, max: 9, enforced: true, bounds: BOUNDS }));
    const counter = { key: 'k', shardGroup: 'g', limits };
    const counters = new SettledCounters();
    const hear = () =>
      limits.forEach((limit, used) =>
        counters.hear(1, { counter, limit, windowIndex: 'current', used, reserved: 0 }),
      );
    const heard = fields.map((field, used) => ({ field, startsAt: BOUNDS[0], used, local: 0 }));
    hear();
    expect(counters.load(1)).toEqual({ limits: heard, asked: 0 });
    counters.store(2, { limits: heard, asked: 3 });
    expect(counters.load(2)).toEqual({ limits: heard, asked: 3 });
    // Each of another counter: one that got them all would be copied for each.
    for (let n = 0; n < 65_536; n++) {
      const limit = { field: `(day|meter-${n})`, max: 9, enforced: true, bounds: BOUNDS };
      const other = { key: 'other', shardGroup: 'g', limits: [limit] };
      counters.hear(10 + n, { counter: other, limit, windowIndex: 'current', reserved: 0, used: n });
    }
    expect(counters.load(1)).toBeUndefined();
    hear();
    expect(counters.load(1)).toEqual({ limits: heard, asked: 0 });
  });

  it.each(['h', 'dh', 'dhmqwy'])(
    'keep the latest 49,000 counters of limits %s, and forget the oldest',
    (fields) => {
      const counters = new SettledCounters();
      const counts = said(fields, 0);
      const hear = (name: number) => {
        for (const count of counts) counters.hear(name, { ...count, used: name });
      };
      for (let name = 0; name < 500_000; name++) {
        hear(name);
        if (name >= 49_000 && name % 1_000 === 0) {
          expect(sorted(counters.load(name - 49_000 + 1))).toEqual(known(fields, name - 49_000 + 1));
        }
      }
      expect(counters.load(0)).toBeUndefined();
      expect(sorted(counters.load(499_999))).toEqual(known(fields, 499_999));
    },
  );

  it('keep a counter that is used, however many others come', () => {
    const counters = new SettledCounters();
    counters.store(-1, known('dh', 5, 3));
    for (let name = 0; name < 400_000; name++) {
      counters.ask(name, limitsOf('dh'), 1);
      if (name % 50_000 === 0) counters.ask(-1, limitsOf('dh'), 1);
    }
    expect(counters.load(-1)).toEqual(known('dh', 5, 11));
  });

  // A limit that a rule gets while the store is being asked needs more room than the counter had.
  it('have room for limits that a rule gets later, also where that fills the array', () => {
    const counters = new SettledCounters();
    let complete = 0;
    for (let name = 0; name < 120_000; name++) {
      for (const count of [...said('h', 1), ...said('dhm', 2)]) counters.hear(name, count);
      if (counters.load(name)!.limits.length === 3) complete += 1;
    }
    expect(complete).toBe(120_000);
    expect(sorted(counters.load(119_999))).toEqual(known('dhm', 2));
  });
});
