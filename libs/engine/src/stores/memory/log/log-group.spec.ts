import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LimitSpec } from '../../counter-ref.js';
import { CounterTable } from '../state/counter-table.js';
import { idIn, lengthAt, readRecord } from '../state/operation-record.js';
import { GroupWriter, readGroup } from './log-group.js';
import { scan } from './log-scan.js';

describe('a group of the log', () => {
  const limit = (field: string, startsAt: number, resetsAt = startsAt + 10): LimitSpec => ({
    field,
    max: 1,
    enforced: true,
    bounds: [startsAt, resetsAt, resetsAt],
  });
  const stateOf = ({ records }: CounterTable) =>
    [...records.all()]
      .filter((counter) => counter !== undefined)
      .map((counter) => [records.key(counter), records.limits(counter)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));

  function written({ records }: CounterTable): Buffer {
    const writer = new GroupWriter(records);
    writer.begin();
    for (const counter of records.all()) if (counter !== undefined) writer.addCounter(counter);
    return writer.end({ sequence: 1, sealedAt: 2 });
  }

  function restored(bytes: Buffer): CounterTable {
    const counters = new CounterTable();
    for (const found of scan(bytes)) {
      if (found.kind !== 'group') throw new Error(found.kind);
      readGroup(found, { counters, segment: 7, operations: () => undefined });
    }
    return counters;
  }

  const units = fc.constantFrom(0, 1, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER);
  const anyCounters = fc.array(
    fc.record({
      key: fc.oneof(fc.constantFrom('a', 'é', '🦊', 'x'.repeat(1_100)), fc.string()),
      limits: fc.array(
        fc.record({
          field: fc.constantFrom('d', '(day|tokens)', '(total)', `(hour*5@04:00|${'m'.repeat(128)})`),
          startsAt: fc.constantFrom(0, 10, 1_790_000_000_000),
          used: units,
          reserved: units,
        }),
      ),
    }),
  );

  it.each([false, true])('gives back what it was made of (with reserved units: %s)', (isReserving) => {
    fc.assert(
      fc.property(anyCounters, (all) => {
        const table = new CounterTable();
        for (const { key, limits } of all) {
          let counter = table.restore(key, limits.length);
          for (const { field, startsAt, used, reserved } of limits) {
            counter = table.put(counter, limit(field, startsAt), 'current', used);
            if (isReserving) table.records.setReserved(table.records.limitOf(counter, field), reserved);
          }
        }
        const other = restored(written(table));
        expect(stateOf(other)).toEqual(stateOf(table));
        for (const counter of other.records.all())
          if (counter !== undefined) expect(other.records.segment(counter)).toBe(7);
      }),
    );
  });

  it('replaces what was read of a counter before, its reserved units too', () => {
    const table = new CounterTable();
    const counter = table.put(table.restore('k', 1), limit('d', 0), 'current', 9);
    table.records.setReserved(table.records.limitOf(counter, 'd'), 4);
    const first = written(table);
    table.records.setReserved(table.records.limitOf(counter, 'd'), 0);
    table.put(counter, limit('d', 0), 'current', 5);
    const both = restored(Buffer.concat([first, written(table)]));
    expect(stateOf(both)).toEqual([['k', [{ field: 'd', startsAt: 0, resetsAt: 10, used: 5, reserved: 0 }]]]);
  });

  it('is written as before where nothing was ever reserved', () => {
    const table = new CounterTable();
    const counter = table.put(table.restore('k', 1), limit('d', 0), 'current', 9);
    expect(written(table).toString('latin1', 0, 4)).toBe('SDL1');
    table.records.setReserved(table.records.limitOf(counter, 'd'), 1);
    expect(written(table).toString('latin1', 0, 4)).toBe('SDL2');
  });

  it('is full before its windows have more numbers than there are', () => {
    const table = new CounterTable();
    const writer = new GroupWriter(table.records);
    writer.begin();
    let windows = 0;
    for (let n = 0; !writer.isFull; n++) {
      let counter = table.restore(`k${n}`, 16);
      for (let m = 0; m < 16; m++, windows++)
        counter = table.put(counter, limit(`(day|${m})`, windows), 'current', n);
      writer.addCounter(counter);
    }
    expect(windows).toBeGreaterThan(65_000);
    expect(windows).toBeLessThanOrEqual(65_535);
    expect(stateOf(restored(writer.end({ sequence: 1, sealedAt: 2 })))).toEqual(stateOf(table));
  });

  // Written by the store whose counters were objects, at 1,764,000,000,000: two counters and two operations.
  it('of the version before counters had reserved units is read', () => {
    const bytes = Buffer.from(
      'U0RMMeUAAAC+LWl4AAAAAAAA8D8AAIB+aat5QtdvY/QCAAAAIwBzZDE6e29jcjp1c2VyPXUyfTpvY3ItcGVyLXVzZXJ+azNYYQEAAAFk' +
        'AACYD2areUIAAGjtbKt5Qv////8AAAAgX6DyQSMAc2QxOntvY3I6dXNlcj11MX06b2NyLXBlci11c2VyfmszWGECAQABaACAQX5pq3lC' +
        'AIC+fmmreUIDAAAAAAADAAAAJwACAAAAAQAAAIB+aat5QgAAgH5pq3lCAAA6WmqreUJvMTNvMS4xMAACAAAACgAAAIB+aat5QgAAgH5p' +
        'q3lCAAA6WmqreUJvMjUwMDAwMDAwMDBvMi4x',
      'base64',
    );
    const at = 1_764_000_000_000;
    const day = { field: 'd', startsAt: at - 3_600_000, resetsAt: at + 3_600_000, reserved: 0 };
    const hour = { field: 'h', startsAt: at - 1_000, resetsAt: at + 1_000, reserved: 0 };
    expect(stateOf(restored(bytes))).toEqual([
      [
        'sd1:{ocr:user=u1}:ocr-per-user~k3Xa',
        [
          { ...hour, used: 3 },
          { ...day, used: 3 },
        ],
      ],
      ['sd1:{ocr:user=u2}:ocr-per-user~k3Xa', [{ ...day, used: 5_000_000_000 }]],
    ]);
    const operations: (readonly [string, number])[] = [];
    const [group] = [...scan(bytes)];
    if (group?.kind !== 'group') throw new Error('no group');
    readGroup(group, {
      counters: new CounterTable(),
      segment: 1,
      operations: (source, from, to) => {
        for (let offset = from; offset < to; offset += lengthAt(source, offset)) {
          const [idFrom, idTo] = idIn(source, offset);
          operations.push([source.buffer.toString('utf8', idFrom, idTo), readRecord(source, offset).at]);
        }
      },
    });
    expect(operations).toEqual([
      ['o1', at],
      ['o2', at],
    ]);
  });
});
