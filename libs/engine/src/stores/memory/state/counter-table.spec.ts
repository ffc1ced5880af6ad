import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NEVER } from '../../../windows/window.js';
import type { CounterRef, LimitSpec } from '../../counter-ref.js';
import { NO_LIMIT, type LimitState } from './counter-records.js';
import { CounterTable } from './counter-table.js';

const FIELDS = ['d', 'h', '(day|tokens)', '(hour*5@04:00)', '(total)', '(concurrent)'];
const KEYS = [
  ...['', 'a', 'b', 'ab', 'seven..', 'eight...', 'nine.....', 'é', 'é\0', '\ud800', '\ud801', '🦊', '\u0100'],
  ...['sd1:{ocr:user=u1}:ocr-per-user~k3Xa', 'sd1:{ocr:user=u2}:ocr-per-user~k3Xa'],
  ...['x'.repeat(3_000), `${'x'.repeat(2_999)}y`, 'é'.repeat(900)],
];

function limit(field: string, startsAt = 0, resetsAt = 10): LimitSpec {
  return { field, max: 1, enforced: true, bounds: [startsAt, resetsAt, resetsAt + 10] };
}

function refTo(key: string, fields: readonly string[] = []): CounterRef {
  return { key, shardGroup: '', limits: fields.map((field) => limit(field)) };
}

type Step =
  | { readonly key: number; readonly field: number; readonly startsAt: number; readonly used: number }
  | { readonly key: number; readonly field: number; readonly reserved: number }
  | { readonly dropped: number };

/** A table and what it has to hold, as maps. */
class TableAndModel {
  readonly #table = new CounterTable();
  readonly #model = new Map<string, Map<string, LimitState>>();

  apply(step: Step, ref: CounterRef): void {
    if ('dropped' in step) this.#drop(ref);
    else if ('reserved' in step) this.#reserve(ref, FIELDS[step.field]!, step.reserved);
    else this.#put(ref, FIELDS[step.field]!, step);
  }

  compare(ref: CounterRef): void {
    const counter = this.#table.find(ref);
    const limits = counter === undefined ? [] : this.#table.records.limits(counter);
    const byField = (states: Iterable<LimitState>) =>
      [...states].sort((a, b) => (a.field < b.field ? -1 : 1));
    expect(byField(limits)).toEqual(byField(this.#model.get(ref.key)?.values() ?? []));
  }

  compareAll(): void {
    const { records, size } = this.#table;
    expect(size).toBe(this.#model.size);
    const all = [...records.all()].filter((counter) => counter !== undefined);
    expect(all.map((counter) => records.key(counter)).sort()).toEqual([...this.#model.keys()].sort());
  }

  #drop(ref: CounterRef): void {
    const counter = this.#table.find(ref);
    expect(counter !== undefined).toBe(this.#model.delete(ref.key));
    if (counter !== undefined) this.#table.drop(counter);
  }

  #reserve(ref: CounterRef, field: string, reserved: number): void {
    const limits = this.#model.get(ref.key);
    const known = limits?.get(field);
    if (known === undefined) return;
    const { records } = this.#table;
    records.setReserved(records.limitOf(this.#table.find(ref)!, field), reserved);
    limits!.set(field, { ...known, reserved });
  }

  #put(ref: CounterRef, field: string, { startsAt, used }: { startsAt: number; used: number }): void {
    const resetsAt = startsAt + 10;
    this.#table.put(this.#table.open(ref), limit(field, startsAt, resetsAt), 'current', used);
    const limits = this.#model.get(ref.key) ?? new Map<string, LimitState>();
    const known = limits.get(field);
    const reserved = known?.startsAt === startsAt ? known.reserved : 0;
    this.#model.set(ref.key, limits.set(field, { field, startsAt, resetsAt, used, reserved }));
  }
}

describe('CounterTable', () => {
  const key = fc.nat(KEYS.length - 1);
  const field = fc.nat(FIELDS.length - 1);
  const units = fc.constantFrom(0, 1, 7, 2 ** 31, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER);
  const anyStep: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ key, field, startsAt: fc.nat(3), used: units }) },
    { weight: 2, arbitrary: fc.record({ key, field, reserved: units }) },
    { weight: 2, arbitrary: fc.record({ dropped: key }) },
  );

  it.each(['a hash of its own', 'one hash for all'])(
    'agrees with a map of maps, keys having %s',
    (hashes) => {
      const aRef = (of: number) => {
        const ref = refTo(KEYS[of]!, FIELDS.slice(0, of % 3));
        if (hashes === 'one hash for all') ref.hash = 77;
        return ref;
      };
      fc.assert(
        fc.property(fc.array(anyStep, { maxLength: 400, size: 'max' }), (steps) => {
          const both = new TableAndModel();
          /** Used again and again, as by a caller who keeps them; every other step brings one of its own. */
          const kept = KEYS.map((_, of) => aRef(of));
          for (const [n, step] of steps.entries()) {
            const of = 'dropped' in step ? step.dropped : step.key;
            both.apply(step, n % 2 === 0 ? kept[of]! : aRef(of));
          }
          for (const [of, ref] of kept.entries()) for (const each of [ref, aRef(of)]) both.compare(each);
          both.compareAll();
        }),
        { numRuns: 100 },
      );
    },
  );

  it('finds each of many, and none that it dropped', () => {
    const table = new CounterTable();
    const refs = Array.from({ length: 100_000 }, (_, n) => refTo(`sd1:{ocr:user=u${n}}:r`, ['d', 'h']));
    for (const [n, ref] of refs.entries()) table.put(table.open(ref), limit('d'), 'current', n);
    for (const [n, ref] of refs.entries())
      if (n % 3 === 0) table.drop(table.find({ ...ref, place: undefined })!);
    expect(table.size).toBe(66_666);
    const wrong = refs.filter(
      (ref, n) => table.window({ ...ref, place: undefined }, 'd')?.used !== (n % 3 === 0 ? undefined : n),
    );
    expect(wrong).toEqual([]);
  });

  it('gives room to limits that are added to a rule later, for a reference that was used before', () => {
    const table = new CounterTable();
    const [early, other] = [refTo('k', ['d']), refTo('k')];
    table.put(table.open(early), limit('d'), 'current', 5);
    const names = Array.from({ length: 15 }, (_, n) => `(day|meter-${n})`);
    for (const [n, name] of names.entries()) {
      table.put(table.open(other), limit(name), 'current', n);
      expect(table.window(early, 'd')).toMatchObject({ used: 5 });
    }
    expect(table.records.limits(table.find(early)!).map(({ field, used }) => [field, used])).toEqual([
      ['d', 5],
      ...names.map((name, n) => [name, n]),
    ]);
  });

  it('gives the place of the limit that ends first to the 256th, which the log could not hold', () => {
    const table = new CounterTable();
    const ref = refTo('k');
    for (let n = 0; n < 255; n++)
      table.put(table.open(ref), limit(`(day|m${n})`, 0, n === 100 ? 5 : 10), 'current', n);
    table.put(table.open(ref), limit('(day|one-more)'), 'current', 1_000);
    const limits = table.records.limits(table.find(ref)!);
    expect(limits).toHaveLength(255);
    expect(limits.find(({ field }) => field === '(day|m100)')).toBeUndefined();
    expect(table.window(ref, '(day|one-more)')).toMatchObject({ used: 1_000, reserved: 0 });
    expect(table.window(ref, '(day|m254)')).toMatchObject({ used: 254 });
  });

  it('refuses a key that the log could not hold', () => {
    const table = new CounterTable();
    expect(() => table.open(refTo('x'.repeat(16_385)))).toThrow('at most 16384 characters, not 16385');
    expect(table.size).toBe(0);
    const longest = refTo('x'.repeat(16_384));
    expect(table.find(longest)).toBeUndefined();
    table.put(table.open(longest), limit('d'), 'current', 1);
    expect(table.window(longest, 'd')).toMatchObject({ used: 1 });
  });

  it('takes no more memory over months of subjects that come and go', () => {
    const table = new CounterTable();
    let most = 0;
    for (let day = 0; day < 40; day++) {
      const counters = Array.from({ length: 5_000 }, (_, n) => {
        // Names grow longer, and then shorter, as they do where subjects are numbered.
        const name = `user=${'9'.repeat(1 + (day % 20))}${n}`;
        return table.put(table.open(refTo(name, ['d', 'h'])), limit('d'), 'current', 1);
      });
      if (day < 20) most = Math.max(most, table.records.bytes);
      else expect(table.records.bytes).toBeLessThanOrEqual(most);
      for (const counter of counters) table.drop(counter);
    }
    expect(table.size).toBe(0);
    expect(most).toBeLessThan(5_000 * 200 + 8 * 256 * 1024);
  });

  it('knows when the last window ends that says something: one without an end says nothing at 0', () => {
    const table = new CounterTable();
    const endsAt = (ref: CounterRef) => table.records.endsAt(table.find(ref)!);
    const ref = refTo('k');
    const put = (name: string, resetsAt: number, used: number) =>
      table.put(table.open(ref), limit(name, 0, resetsAt), 'current', used);
    put('(concurrent)', NEVER, 0);
    expect(endsAt(ref)).toBe(-Infinity);
    put('d', 20, 0);
    put('h', 10, 3);
    expect(endsAt(ref)).toBe(20);
    put('(total)', NEVER, 1);
    expect(endsAt(ref)).toBe(NEVER);
    put('(total)', NEVER, 0);
    expect(endsAt(ref)).toBe(20);
    table.records.setReserved(table.records.limitOf(table.find(ref)!, '(concurrent)'), 1);
    expect(endsAt(ref)).toBe(NEVER);
  });

  it('knows no limit that a counter has not had', () => {
    const table = new CounterTable();
    const counter = table.put(table.open(refTo('k')), limit('d'), 'current', 1);
    expect(table.records.limitOf(counter, 'h')).toBe(NO_LIMIT);
    expect(table.window(refTo('k'), 'h')).toBeUndefined();
    expect(table.window(refTo('other'), 'd')).toBeUndefined();
  });
});
