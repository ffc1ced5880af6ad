import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Gate, GateState } from '@sundial/contract';
import fc from 'fast-check';
import type { ControlChange } from './control-change.js';
import {
  type ControlRecord,
  decodeRecord,
  encodeRecord,
  KEEP_ENDED_MS,
  MAX_CONTROL_RECORDS,
} from './control-record.js';
import { LiveControls } from './live-controls.js';

let now: number;
let changes: string[];
beforeEach(() => {
  now = 1_000;
  changes = [];
});

const opened = () =>
  new LiveControls({
    now: () => now,
    changed: ({ change, key }: ControlChange) => changes.push(`${change} ${key}`),
  });

function gateRecord(
  resource: string | null,
  { at = 1_000, node = 'a', gate = 'closed' as GateState, endsAt = Infinity } = {},
): ControlRecord {
  const value: Gate = { resource, gate, setAt: new Date(at).toISOString() };
  return { key: `gate:${resource ?? ''}`, at, node, endsAt, control: { kind: 'gate', gate: value } };
}

const removal = (key: string, at: number): ControlRecord => ({
  ...{ key, at, node: 'a' },
  ...{ endsAt: at, control: null },
});

describe('what a node knows of gates, brakes and drills', () => {
  it('is nothing to look for while nothing is in force', () => {
    const live = opened();
    expect(live.inForce).toBeUndefined();
    live.merge([gateRecord('ocr', { endsAt: 2_000 })]);
    expect(live.inForce).toBeDefined();
    now = 2_000;
    expect(live.inForce?.gateOf('ocr', now)).toBeUndefined();
    live.tick();
    expect(live.inForce).toBeUndefined();
    expect(changes).toEqual(['set gate:ocr', 'expired gate:ocr']);
  });

  it('is the same on all nodes, in whatever order and however often records come', () => {
    const anyRecord = fc
      .record({
        resource: fc.constantFrom('ocr', 'sms', null),
        at: fc.integer({ min: 1, max: 5 }),
        node: fc.constantFrom('a', 'b'),
        isRemoval: fc.boolean(),
      })
      .map(({ resource, isRemoval, ...stamp }) => {
        // One node writes one thing at one instant.
        const gate = stamp.node === 'a' ? 'closed' : 'open';
        const record = gateRecord(resource, { ...stamp, gate });
        return isRemoval && stamp.node === 'a' && stamp.at % 2 === 0
          ? { ...record, control: null, endsAt: stamp.at }
          : record;
      })
      .filter(({ at, node, control }) => node === 'b' || (control === null) === (at % 2 === 0));
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 12 }), fc.array(fc.nat()), (records, order) => {
        const [one, other] = [opened(), opened()];
        one.merge(records);
        const shuffled = records
          .map((record, i) => ({ record, place: order[i % Math.max(1, order.length)] ?? 0 }))
          .sort((a, b) => a.place - b.place);
        for (const { record } of shuffled) other.merge([record]);
        other.merge(records);
        const textsOf = (live: LiveControls) => Array.from(live.records, encodeRecord).sort();
        expect(textsOf(other)).toEqual(textsOf(one));
        const known = new Map(Array.from(one.records, (record) => [record.key, record]));
        expect(other.laterThan(known)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('is stamped later than all that was heard, whatever the clock says', () => {
    const live = opened();
    live.merge([gateRecord('ocr', { at: 9_000 })]);
    expect(live.stamp()).toBe(9_001);
    now = 20_000.4;
    expect(live.stamp()).toBe(20_001);
  });

  it('is what a removal leaves, and an older record does not bring it back', () => {
    const live = opened();
    live.merge([gateRecord('ocr', { at: 1 }), removal('gate:ocr', 2)]);
    expect(live.merge([gateRecord('ocr', { at: 1, node: 'z' })])).toEqual([]);
    expect(live.get('gate:ocr')).toBeUndefined();
    now += KEEP_ENDED_MS + 1;
    live.tick();
    expect([...live.records]).toEqual([]);
  });

  it('is bounded: what has ended goes first', () => {
    const live = opened();
    const ended = Array.from({ length: MAX_CONTROL_RECORDS }, (_, i) => removal(`gate:r${i}`, 10));
    live.merge([...ended, gateRecord('ocr'), gateRecord('sms')]);
    expect([...live.records]).toHaveLength(MAX_CONTROL_RECORDS);
    expect(live.all().map(({ key }) => key)).toEqual(['gate:ocr', 'gate:sms']);
    const full = new Map(ended.map((record) => [record.key, record]));
    expect(live.laterThan(full).map(({ key }) => key)).toEqual(['gate:ocr', 'gate:sms']);
  });

  it('can be read back from its text, and what cannot is refused with why', () => {
    for (const record of [gateRecord('ocr', { endsAt: 5_000 }), gateRecord(null), removal('gate:ocr', 7)])
      expect(decodeRecord(record.key, encodeRecord(record))).toEqual(record);
    expect(() => decodeRecord('gate:ocr', 'nonsense')).toThrow('none of this version');
    expect(() => decodeRecord('gate:ocr', '9999999999999999:0:a:')).toThrow('none of this version');
    expect(() => decodeRecord('gate:ocr', '1:0:a:{"gate":"ajar"}')).toThrow(/cannot be used here/);
    expect(() => decodeRecord('door:ocr', '1:0:a:{}')).toThrow('is no control');
  });
});

describe('the gate of a resource', () => {
  const gateOf = (live: LiveControls, resource: string) => live.inForce?.gateOf(resource, now)?.gate.gate;

  it('is its own, else the one for all', () => {
    const live = opened();
    live.merge([gateRecord(null, { gate: 'closed' }), gateRecord('ocr', { gate: 'open' })]);
    expect([gateOf(live, 'ocr'), gateOf(live, 'sms')]).toEqual(['open', 'closed']);
  });

  it('is none where it is exempt from the one for all, until that is set again', () => {
    const live = opened();
    live.merge([gateRecord(null, { at: 1 }), gateRecord('ocr', { at: 2, gate: 'normal' })]);
    expect([gateOf(live, 'ocr'), gateOf(live, 'sms')]).toEqual([undefined, 'closed']);
    live.merge([gateRecord(null, { at: 3, gate: 'open' })]);
    expect([gateOf(live, 'ocr'), gateOf(live, 'sms')]).toEqual(['open', 'open']);
  });
});
