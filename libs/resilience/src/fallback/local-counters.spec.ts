import {
  settledInCurrent,
  UNLIMITED,
  type CounterRef,
  type Counts,
  type WindowIndex,
} from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LocalCounters, type NodeShare } from './local-counters.js';

const NOW = 50;
const ALONE: NodeShare = { live: 1, rank: 0 };
const HOUR: readonly [number, number, number] = [0, 100, 200];
const DAY: readonly [number, number, number] = [0, 1_000, 2_000];

interface Max {
  readonly hour: number;
  readonly day?: number;
}

function counter({ hour, day = 1_000_000 }: Max, key = 'u1', enforced = true): CounterRef {
  const limits = [
    { field: 'h', max: hour, enforced, bounds: HOUR },
    { field: 'd', max: day, enforced, bounds: DAY },
  ];
  return { key, shardGroup: key, limits };
}

/** A node that heard from the store that `used` units were used in the hour and the day. */
function nodeThatKnows(counters: readonly CounterRef[], used: number): LocalCounters {
  const node = new LocalCounters();
  const each = counters.flatMap(({ limits }) => limits.map(() => ['current', used] as const));
  node.asking(counters, { amount: 0 }).ends(counted(counters, ...each));
  return node;
}

/** What a store says of each limit: the window, and the units used in it. */
function counted(
  counters: readonly CounterRef[],
  ...each: readonly (readonly [WindowIndex, number])[]
): Counts {
  const left = each.values();
  return counters.flatMap((one) =>
    one.limits.map((limit) => {
      const [windowIndex, units] = left.next().value ?? (['current', 0] as const);
      return { counter: one, limit, windowIndex, used: units, reserved: 0 };
    }),
  );
}

function used(node: LocalCounters, counters: readonly CounterRef[], now = NOW): number[] {
  return node.counts(counters, now).map((count) => count.used);
}

/** Takes until nothing fits any more, and says how many units were taken. */
function exhaust(node: LocalCounters, counters: readonly CounterRef[], share: NodeShare): number {
  let taken = 0;
  while (node.take(counters, { amount: 1 }, NOW, share).outcome === 'taken') taken++;
  return taken;
}

describe('LocalCounters', () => {
  it('shares nothing of what is unlimited with other nodes: it says what is used, and lowers nothing', () => {
    const limits = [{ field: 'h', max: UNLIMITED, enforced: false, bounds: HOUR }];
    const counters: CounterRef[] = [{ key: 'u1', shardGroup: 'u1', limits }];
    const node = nodeThatKnows(counters, 7);
    const share = { live: 3, rank: 1 };
    for (const units of [1, 1_000]) {
      const { outcome, counts } = node.take(counters, { amount: units }, NOW, share);
      expect([outcome, counts[0]!.used]).toEqual(['taken', used(node, counters)[0]]);
    }
    expect(used(node, counters)).toEqual([1_008]);
    expect(node.lowered(counters)[0]!.limits[0]!.max).toBe(UNLIMITED);
  });

  // 205,000 invented subjects made a node forget a user at 10 of 10, who got 10 more.
  it('forgets no counter with units that the store does not know yet, however many others are asked for', () => {
    const [mine] = [[counter({ hour: 10 }, 'mine')]];
    const node = nodeThatKnows(mine, 0);
    expect(exhaust(node, mine, ALONE)).toBe(10);
    for (let i = 0; i < 250_000; i++) node.counts([counter({ hour: 10 }, `other-${i}`)], NOW);
    expect(node.take(mine, { amount: 1 }, NOW, ALONE).outcome).toBe('refused');
    node.settled(settledInCurrent(mine), { amount: 10 });
    for (let i = 0; i < 250_000; i++) node.counts([counter({ hour: 10 }, `other-${i}`)], NOW);
    expect(used(node, mine)).toEqual([0, 0]);
  });

  it('allows what remained of what the store said last', () => {
    const counters = [counter({ hour: 10 })];
    expect(exhaust(nodeThatKnows(counters, 7), counters, ALONE)).toBe(3);
  });

  it('allows the whole limit of a subject it never heard of', () => {
    expect(exhaust(new LocalCounters(), [counter({ hour: 10 })], ALONE)).toBe(10);
  });

  it('takes from all counters or from none', () => {
    const [roomy, full] = [counter({ hour: 10 }, 'u1'), counter({ hour: 0 }, 'u2')];
    const node = new LocalCounters();
    expect(node.take([roomy, full], { amount: 1 }, NOW, ALONE).outcome).toBe('refused');
    expect(used(node, [roomy, full])).toEqual([0, 0, 0, 0]);
  });

  it('counts in day and hour alike, and reports what is used after the take', () => {
    const counters = [counter({ hour: 10, day: 20 })];
    const node = nodeThatKnows(counters, 4);
    expect(node.take(counters, { amount: 3 }, NOW, ALONE)).toEqual({
      outcome: 'taken',
      counts: counted(counters, ['current', 7], ['current', 7]),
    });
  });

  it('refuses nothing for the sake of a rule that only observes', () => {
    expect(
      new LocalCounters().take([counter({ hour: 0 }, 'u1', false)], { amount: 5 }, NOW, ALONE).outcome,
    ).toBe('taken');
  });

  it('leaves alone what the store is being asked for, until it has answered', () => {
    const counters = [counter({ hour: 10 })];
    const node = nodeThatKnows(counters, 2);
    const [three, four] = [node.asking(counters, { amount: 3 }), node.asking(counters, { amount: 4 })];
    const refused = node.take(counters, { amount: 2 }, NOW, ALONE);
    expect(refused.outcome).toBe('refused');
    expect(refused.counts[0]!.used).toBe(9);
    const forty = node.asking(counters, { amount: 40 });
    expect(node.take(counters, { amount: 1 }, NOW, ALONE).counts[0]!.used).toBe(10);
    forty.ends();
    three.ends();
    expect(node.take(counters, { amount: 2 }, NOW, ALONE).outcome).toBe('taken');
    four.ends();
    expect(exhaust(node, counters, ALONE)).toBe(6);
  });

  it('starts a new window with nothing used', () => {
    const counters = [counter({ hour: 10, day: 100 })];
    const node = nodeThatKnows(counters, 10);
    expect(node.counts(counters, HOUR[1])).toEqual(counted(counters, ['next', 0], ['current', 10]));
  });

  it('never goes back to an earlier window', () => {
    const counters = [counter({ hour: 10 })];
    const node = new LocalCounters();
    node.asking(counters, { amount: 0 }).ends(counted(counters, ['next', 6], ['current', 9]));
    expect(node.counts(counters, NOW)[0]).toMatchObject({ windowIndex: 'next', used: 6 });
  });

  it('forgets nothing it allowed when the store speaks of the rest', () => {
    const counters = [counter({ hour: 10 })];
    const node = nodeThatKnows(counters, 2);
    node.take(counters, { amount: 3 }, NOW, ALONE);
    node.asking(counters, { amount: 0 }).ends(counted(counters, ['current', 4], ['current', 4]));
    expect(used(node, counters)).toEqual([7, 7]);
  });

  it('moves what was settled from its own count to the store’s', () => {
    const counters = [counter({ hour: 10 })];
    const node = nodeThatKnows(counters, 2);
    node.take(counters, { amount: 3 }, NOW, ALONE);
    node.settled(settledInCurrent(counters), { amount: 3 });
    expect(used(node, counters)).toEqual([5, 5]);
    expect(node.lowered(counters)).toEqual(counters);
  });

  it('settles in the window of the decision, not in the one after', () => {
    const counters = [counter({ hour: 10 })];
    const node = new LocalCounters();
    node.take(counters, { amount: 3 }, NOW, ALONE);
    node.take(counters, { amount: 4 }, HOUR[1], ALONE);
    node.settled(settledInCurrent(counters), { amount: 3 });
    expect(used(node, counters, HOUR[1])).toEqual([4, 7]);
    expect(node.lowered(counters)[0]!.limits[0]!.max).toBe(6);
  });

  it('counts also what was allowed above the limit', () => {
    const counters = [counter({ hour: 2 })];
    const node = new LocalCounters();
    used(node, counters);
    node.count(settledInCurrent(counters), { amount: 5 });
    expect(used(node, counters)).toEqual([5, 5]);
  });

  it('lowers the limits of a counter whose usage is pending, and of no other counter', () => {
    const [pending, other] = [counter({ hour: 10, day: 20 }, 'u1'), counter({ hour: 10 }, 'u2')];
    const node = nodeThatKnows([pending, other], 2);
    node.take([pending], { amount: 3 }, NOW, ALONE);
    const lowered = node.lowered([pending, other]);
    expect(lowered[0]!.limits.map(({ max }) => max)).toEqual([7, 17]);
    expect(lowered[1]).toBe(other);
  });

  it('shares out exactly what remained, over any number of nodes', () => {
    const facts = fc.record({ max: fc.nat(60), used: fc.nat(80), live: fc.integer({ min: 1, max: 17 }) });
    fc.assert(
      fc.property(facts, ({ max, used: known, live }) => {
        const counters = [counter({ hour: max })];
        let taken = 0;
        for (let rank = 0; rank < live; rank++) {
          taken += exhaust(nodeThatKnows(counters, known), counters, { live, rank });
        }
        expect(taken).toBe(Math.max(0, max - known));
      }),
    );
  });

  it('never exceeds a limit together with nodes that knew the same, whatever they take', () => {
    const facts = fc.record({
      hour: fc.nat(40),
      day: fc.nat(60),
      used: fc.nat(40),
      live: fc.integer({ min: 1, max: 5 }),
      takes: fc.array(fc.record({ node: fc.nat(4), amount: fc.nat(9) }), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(facts, ({ hour, day, used: known, live, takes }) => {
        const counters = [counter({ hour, day }, 'u1'), counter({ hour: day, day: hour }, 'u2')];
        const nodes = Array.from({ length: live }, () => nodeThatKnows(counters, known));
        let taken = 0;
        for (const { node, amount } of takes) {
          const rank = node % live;
          const take = nodes[rank]!.take(counters, { amount }, NOW, { live, rank });
          if (take.outcome === 'taken') taken += amount;
        }
        expect(taken).toBeLessThanOrEqual(Math.max(0, Math.min(hour, day) - known));
      }),
    );
  });

  describe('of several meters', () => {
    const limits = [
      { field: 'h', max: 10, enforced: true, bounds: HOUR },
      { field: '(hour|tokens)', meter: 'tokens', max: 100, enforced: true, bounds: HOUR },
      { field: '(day|tokens)', meter: 'tokens', max: 150, enforced: true, bounds: DAY },
    ];
    const chat: CounterRef[] = [{ key: 'chat', shardGroup: 'chat', limits }];
    const take = (node: LocalCounters, amount: number, tokens: number, share = ALONE) =>
      node.take(chat, { amount, amounts: { tokens } }, NOW, share).outcome;

    it('takes of each what it names, of all or of none', () => {
      const node = new LocalCounters();
      expect(take(node, 1, 60)).toBe('taken');
      expect(used(node, chat)).toEqual([1, 60, 60]);
      expect(take(node, 1, 41)).toBe('refused');
      expect(take(node, 9, 40)).toBe('taken');
      expect(take(node, 1, 0)).toBe('refused');
      expect(used(node, chat)).toEqual([10, 100, 100]);
      // Both are used up; of neither it takes anything.
      expect(take(node, 0, 0)).toBe('taken');
    });

    it('knows the fields of its limits apart, and keeps what the store said of each', () => {
      const node = new LocalCounters();
      node.asking(chat, { amount: 0 }).ends(counted(chat, ['current', 1], ['current', 20], ['current', 30]));
      expect(used(node, chat)).toEqual([1, 20, 30]);
      expect(take(node, 1, 80)).toBe('taken');
      expect(used(node, chat)).toEqual([2, 100, 110]);
      node.settled(settledInCurrent(chat), { amount: 1, amounts: { tokens: 80 } });
      expect(used(node, chat)).toEqual([2, 100, 110]);
    });

    it('leaves alone of each what the store is being asked for', () => {
      const node = new LocalCounters();
      const asking = node.asking(chat, { amount: 2, amounts: { tokens: 70 } });
      expect(take(node, 8, 31)).toBe('refused');
      expect(take(node, 9, 0)).toBe('refused');
      expect(take(node, 8, 30)).toBe('taken');
      asking.ends();
      expect(take(node, 2, 70)).toBe('taken');
    });

    it('lowers the limits of each by what is pending, and takes back what was not allowed after all', () => {
      const node = new LocalCounters();
      take(node, 1, 30);
      const pending = node.lowered(chat)[0]!.limits.map(({ max }) => max);
      expect(pending).toEqual([9, 70, 120]);
      node.takeBack(settledInCurrent(chat), { amount: 1, amounts: { tokens: 30 } });
      expect(node.lowered(chat)).toBe(chat);
    });

    it('shares out what remained of each', () => {
      const node = new LocalCounters();
      const share = { live: 2, rank: 0 };
      expect(take(node, 5, 51, share)).toBe('refused');
      expect(take(node, 5, 50, share)).toBe('taken');
      expect(take(node, 1, 0, share)).toBe('refused');
    });
  });

  it('takes a node list that is empty for itself alone', () => {
    expect(exhaust(new LocalCounters(), [counter({ hour: 3 })], { live: 0, rank: 0 })).toBe(3);
  });
});
