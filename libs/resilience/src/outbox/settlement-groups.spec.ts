import type { SettleRequest, SettleResult } from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_GROUP, MIN_GROUP, SettlementGroups } from './settlement-groups.js';
import type { StoreGuard } from '../guard/store-guard.js';

const COUNTED = { outcome: 'counted' } as const;

/** A list of numbers to be settled, on a store that does what a test wants. */
function settling(count: number, settle: (item: number) => Promise<SettleResult> | SettleResult) {
  const waiting = Array.from({ length: count }, (_, n) => n);
  const settled: number[] = [];
  const groups: number[][] = [];
  let isAway = false;
  const guard: Pick<StoreGuard, 'ask'> = {
    ask: (call) =>
      Promise.resolve(call()).catch(() => ({
        outcome: 'unavailable',
        cause: 'store-error',
        executionStatus: 'unknown',
      })),
  };
  const run = new SettlementGroups<number>(
    {
      next: (max) => {
        if (isAway) return [];
        groups.push(waiting.splice(0, max));
        return groups.at(-1)!;
      },
      get waiting() {
        return waiting.length;
      },
      requestOf: (item) => ({ amount: item, counters: [{ key: String(item) }] }) as unknown as SettleRequest,
      answered: (item) => settled.push(item),
      unanswered: (item) => waiting.push(item),
    },
    {
      store: {
        settle: ({ amount }) => settle(amount),
        shardsOf: ([ref]) => [{ name: Number(ref!.key) % 2 === 0 ? 'even' : 'odd', group: '' }],
      },
      guard,
      deadlineMs: 50,
    },
  );
  const goAway = () => (isAway = true);
  return { run: () => run.run(), guard, waiting, settled, groups, goAway };
}

describe('Groups of settlements', () => {
  it('grow while all is answered, up to the largest, and follow one another', async () => {
    let inFlight = 0;
    const { run, settled, groups } = settling(1_000, async () => {
      expect(++inFlight).toBeLessThanOrEqual(groups.at(-1)!.length);
      await Promise.resolve();
      inFlight--;
      return COUNTED;
    });
    await Promise.all([run(), run()]);
    expect(settled).toHaveLength(1_000);
    const sizes = groups.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_GROUP);
    sizes.slice(0, 4).forEach((size, n) => expect(size).toBeLessThanOrEqual(MIN_GROUP * 2 ** n));
  });

  it('repeat what was not answered without the others, and are small again after it', async () => {
    let failures = 2;
    const { run, settled, waiting, groups } = settling(200, (item) => {
      if (item === 10 && failures-- > 0) throw new Error('one bad entry');
      return COUNTED;
    });
    // A group in which it is alone ends a run, as a store does that is away.
    while (waiting.length > 0) await run();
    expect([...settled].sort((one, other) => one - other)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    const after = groups.findIndex((group) => group.includes(10)) + 1;
    expect(groups[after]!.length).toBeLessThanOrEqual(MIN_GROUP);
    expect(groups.flat().filter((item) => item === 10)).toHaveLength(3);
    expect(groups.flat()).toHaveLength(202);
  });

  it('end when nothing is answered, and leave everything to be settled', async () => {
    const { run, waiting, settled, groups } = settling(40, () => Promise.reject(new Error('down')));
    await run();
    expect(groups).toHaveLength(1);
    expect(waiting).toHaveLength(40);
    expect(settled).toEqual([]);
  });

  it('go on with the parts of the store that answer', async () => {
    const { run, settled, waiting, groups, goAway } = settling(40, (item) => {
      if (item % 2 === 1) throw new Error('this shard is away');
      if (groups.length > 3) goAway();
      return COUNTED;
    });
    await run();
    expect(settled.length).toBeGreaterThan(10);
    expect(settled.every((item) => item % 2 === 0)).toBe(true);
    expect(waiting.length + settled.length).toBe(40);
  });

  it('spread what is pending over about two seconds, so that live checks have the rest', async () => {
    const { run, settled } = settling(20_000, () => COUNTED);
    const begunAt = performance.now();
    await run();
    expect(settled).toHaveLength(20_000);
    expect(performance.now() - begunAt).toBeGreaterThan(1_000);
  });

  it('are as slow as the store that answers them, one at a time', async () => {
    const { run, groups } = settling(10 * MAX_GROUP, async () => {
      await sleep(20);
      return COUNTED;
    });
    const begunAt = performance.now();
    await run();
    expect(performance.now() - begunAt).toBeGreaterThan(19 * (groups.length - 1));
  });
});
