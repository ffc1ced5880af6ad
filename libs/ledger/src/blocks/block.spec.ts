import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LedgerEvent } from '../contract/ledger-event.js';
import { attributeHashes, hashOf } from './hash.js';
import { BlockBuilder } from './block-builder.js';
import { BlockReader } from './block-reader.js';
import { attributesOf, operationOf } from './keys.js';
import type { Shape } from './shape.js';

const text = fc.oneof(
  fc.constantFrom('', 'u1', 'day', 'schüler', '学生', '"\\\n', '\ud800', 'x'.repeat(200), 'y'.repeat(2_000)),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const number = fc.oneof(
  fc.nat(300),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1, -1, 0.25, Number.NaN),
);
const absent = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const limit = fc.record(
  {
    ...{ rule: text, window: fc.constantFrom('day', 'hour'), meter: fc.constantFrom('units', 'tokens') },
    ...{ used: number, reserved: number, max: fc.option(number), startsAt: fc.option(fc.nat()) },
    ...{ per: fc.array(text, { maxLength: 2 }), exceeded: fc.constant(true) },
  },
  { requiredKeys: ['rule', 'window', 'meter', 'used', 'max', 'startsAt'] },
);
const data = fc.record(
  {
    ...{
      reason: text,
      rulesVersion: number,
      replayed: fc.boolean(),
      latencyMs: fc.oneof(number, fc.constant(0.83)),
    },
    ...{ requestId: text, traceId: text, expiresAt: number, packs: fc.array(text, { maxLength: 1 }) },
    amounts: fc.dictionary(fc.constantFrom('units', 'tokens'), number, { noNullPrototype: true }),
    degraded: fc.constantFrom(
      null,
      { cause: 'late', policy: 'allow' },
      { cause: 'late', policy: 'allow', more: 1 },
    ),
    limits: fc.array(limit, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const event: fc.Arbitrary<LedgerEvent> = fc.record(
  {
    at: fc.integer({ min: 0, max: 2 ** 45 }),
    kind: fc.constantFrom('check', 'reserve', 'commit', 'settlement', 'admin'),
    outcome: fc.constantFrom('allowed', 'denied'),
    resource: fc.constantFrom('ocr', 'sms'),
    subject: fc.dictionary(fc.oneof(fc.constantFrom('user', 'grade'), text), text, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    operationId: text,
    actor: fc.constantFrom('app', 'admin'),
    count: fc.nat(),
    data: absent(data),
  },
  { requiredKeys: ['at', 'kind', 'outcome'] },
) as fc.Arbitrary<LedgerEvent>;

describe('a block', () => {
  it('gives out the events that were put into it, whatever they have in common', () => {
    const builder = new BlockBuilder();
    const shared = fc
      .array(event, { minLength: 1, maxLength: 4 })
      .chain((some) => fc.array(fc.tuple(fc.constantFrom(...some), fc.nat(1_000)), { maxLength: 20 }));
    fc.assert(
      fc.property(shared, (picked) => {
        const events = picked.map(([one, at]) => ({ ...one, at }));
        for (const one of events) builder.append(one);
        const block = builder.take();
        expect(block.events).toBe(events.length);
        const shapes = block.shapes.map((shape) => JSON.parse(shape) as Shape);
        const records = new BlockReader({ shapes, facets: [], bytes: Buffer.from(block.bytes) });
        for (const one of events) {
          expect(records.next()).toBe(true);
          expect(records.event()).toEqual(JSON.parse(JSON.stringify(one)));
          const { operationId, subject = {} } = records.event();
          expect(operationOf(records)).toBe(operationId === undefined ? null : hashOf(operationId));
          expect(attributesOf(records, [])).toEqual(attributeHashes(subject));
        }
        expect(records.next()).toBe(false);
      }),
    );
  });

  it('says once what thousands of checks have in common', () => {
    const builder = new BlockBuilder();
    for (let used = 0; used < 1_000; used += 1) builder.append(checkWith(used));
    const { shapes, bytes } = builder.take();
    expect(shapes).toHaveLength(1);
    expect(bytes.length).toBeLessThan(40 * 1_000);
  });
});

function checkWith(used: number): LedgerEvent {
  const limits = [
    { rule: 'ocr', window: 'day', meter: 'units', used, max: 10, startsAt: 0, resetsAt: 86_400_000 },
  ];
  const subject = { user: `u${used}` };
  const data = { reason: 'within-limits', latencyMs: 0.5, amounts: { units: 1 }, limits };
  return {
    at: used,
    kind: 'check',
    outcome: 'allowed',
    resource: 'ocr',
    subject,
    operationId: `op-${used}`,
    data,
  };
}
