import { expect, it } from '@jest/globals';
import type { Ledger, TopFilter } from '@sundial/ledger';
import fc from 'fast-check';
import { check, recordAll } from './ledger-events.js';

const DAY = 86_400_000;
/** Of them two months are whole spans of 32 days, and days are before and after. */
const [FIRST, DAYS] = [20_760, 80] as const;

/** What is asked for as many days as it likes, against adding up all events. */
export function ledgerTopContract(open: () => Promise<Ledger>): void {
  it('ranks subjects over any days, as all events add up', async () => {
    const events = Array.from({ length: 400 }, (_, index) =>
      check({
        at: (FIRST + ((index * 37) % DAYS)) * DAY + index,
        // None is refused more than ten times: further refusals are recorded when their minute ends.
        subject: { user: `u${(index * index) % 17}` },
        resource: index % 3 === 0 ? 'sms' : 'ocr',
        outcome: index % 8 === 1 ? 'denied' : 'allowed',
        data: { amounts: { units: 1 + (index % 5) } },
      }),
    );
    const ledger = await open();
    await recordAll(ledger, events);
    const expected = ({ by, resource, from, to }: TopFilter) => {
      const sums = new Map<string, { used: number; allowed: number; denied: number }>();
      for (const event of events) {
        const day = Math.floor(event.at / DAY);
        if (resource !== undefined && event.resource !== resource) continue;
        if ((from !== undefined && day < Math.floor(from / DAY)) || (to !== undefined && day * DAY >= to))
          continue;
        const key = `${event.resource} ${event.subject!['user']}`;
        const sum = sums.get(key) ?? { used: 0, allowed: 0, denied: 0 };
        if (event.outcome === 'allowed') sum.used += event.data!.amounts!['units']!;
        sum[event.outcome as 'allowed' | 'denied'] += 1;
        sums.set(key, sum);
      }
      return [...sums].filter(([, sum]) => sum[by] > 0);
    };
    const day = fc.integer({ min: FIRST - 40, max: FIRST + DAYS + 40 });
    const asked = fc.record(
      {
        by: fc.constantFrom('used', 'denied'),
        resource: fc.constantFrom('ocr', 'none'),
        from: day.map((one) => one * DAY + 5),
        to: day.map((one) => one * DAY + 7),
      },
      { requiredKeys: ['by'] },
    ) as fc.Arbitrary<TopFilter>;
    await fc.assert(
      fc.asyncProperty(asked, async (filter) => {
        const { rows } = await ledger.questions.top(filter);
        const all = expected(filter);
        const seen = rows.map(
          ({ resource, subject, ...sums }) => [`${resource} ${subject['user']}`, sums] as const,
        );
        expect(new Map(seen)).toEqual(new Map(all));
        expect(rows.map((row) => row[filter.by])).toEqual(
          all.map(([, sum]) => sum[filter.by]).toSorted((a, b) => b - a),
        );
        const best = (await ledger.questions.top(filter, { limit: 2 })).rows.map((row) => row[filter.by]);
        expect(best).toEqual(rows.slice(0, 2).map((row) => row[filter.by]));
      }),
      { numRuns: 40 },
    );
  });
}
