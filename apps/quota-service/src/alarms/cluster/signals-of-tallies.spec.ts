import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AlarmSignal } from '../evaluators/alarm-signal.js';
import { TallyOfNode } from './node-tally.js';
import { signalsOf } from './signals-of-tallies.js';

const channel = { resource: 'ocr', dependency: 'redis' };

/** `F` a failure, `s` a success. */
function tallyOf(outcomes: string) {
  const tally = new TallyOfNode();
  for (const outcome of outcomes)
    tally.add(outcome === 'F' ? { kind: 'failed', channel } : { kind: 'succeeded', channel, count: 1 });
  return tally.drain()!;
}
function outcomesOf(signals: Iterable<AlarmSignal>): string {
  return [...signals]
    .map((signal) => (signal.kind === 'succeeded' ? 's'.repeat(signal.count) : 'F'))
    .join('');
}
const rows = (outcomes: string) => outcomes.split(/s+/).map(({ length }) => length);

describe('what a node counted, as signals', () => {
  it('has as many outcomes, and rows of failures as long at its begin, within and at its end', () => {
    const outcomes = fc
      .array(fc.constantFrom('F', 's'), { minLength: 1, maxLength: 40 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(outcomes, (seen) => {
        const replayed = outcomesOf(signalsOf([tallyOf(seen)]));
        expect([...replayed].toSorted()).toEqual([...seen].toSorted());
        expect(Math.max(...rows(replayed))).toBe(Math.max(...rows(seen)));
        expect([rows(replayed)[0], rows(replayed).at(-1)]).toEqual([rows(seen)[0], rows(seen).at(-1)]);
      }),
    );
  });

  it('is one row over nodes where it could be one', () => {
    expect(outcomesOf(signalsOf([tallyOf('FFsF'), tallyOf('FsFF'), tallyOf('FF')]))).toBe('FFFssFFFFF');
  });

  it('is summed up and bounded', () => {
    const tally = new TallyOfNode();
    tally.add({ kind: 'keys-refused', refusals: 2 });
    for (let each = 0; each < 600; each++) {
      const one = { resource: `r${each}`, dependency: 'redis' };
      tally.add({ kind: 'decided', channel: one, allowed: 1, denied: 1 });
    }
    const drained = tally.drain()!;
    expect(drained.channels).toHaveLength(513);
    const signals = [...signalsOf([drained, { channels: [], refusedKeys: 3 }])];
    expect(signals.at(-1)).toEqual({ kind: 'keys-refused', refusals: 5 });
    expect(signals.at(-2)).toEqual({
      ...{ kind: 'decided', channel: { resource: '*', dependency: '*' } },
      ...{ allowed: 88, denied: 88 },
    });
    expect(tally.drain()).toBeUndefined();
  });
});
