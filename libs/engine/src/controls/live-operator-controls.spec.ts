import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_DRILLS } from '@sundial/contract';
import type { ControlRecord } from './control-record.js';
import { LiveControls } from './live-controls.js';
import { LiveOperatorControls } from './live-operator-controls.js';

const NOW = Date.parse('2026-11-22T12:20:30+08:00');
const LATER = '2026-11-22T12:50:00+08:00';
const OPS = { actor: 'ops' };

let now: number;
let kept: ControlRecord[];
let controls: LiveOperatorControls;
beforeEach(() => {
  now = NOW;
  kept = [];
  const keep = async (record: ControlRecord) => {
    kept.push(record);
    return { nodes: { live: 1, applied: 1 }, stored: true };
  };
  controls = new LiveOperatorControls(new LiveControls({ now: () => now }), { node: 'n1', keep });
});

describe('gates', () => {
  it('are shown as they were set, the one for all first, until they are normal or over', async () => {
    await controls.setGate('sms', { gate: 'closed', until: LATER, reason: 'r', onDeny: { code: 'C' } }, OPS);
    await controls.setGate(null, { gate: 'open' });
    expect(controls.gates()).toEqual([
      { resource: null, gate: 'open', setAt: expect.any(String) },
      {
        ...{ resource: 'sms', gate: 'closed', until: LATER, reason: 'r', onDeny: { code: 'C' } },
        ...{ setAt: '2026-11-22T04:20:30.000Z', setBy: 'ops' },
      },
    ]);
    expect([controls.isOpen('ocr'), controls.isOpen('sms')]).toEqual([true, false]);
    expect(await controls.setGate(null, { gate: 'normal' })).toMatchObject({
      gate: { gate: 'normal' },
      stored: true,
    });
    now = Date.parse(LATER);
    expect(controls.gates()).toEqual([]);
    expect(kept.map(({ at }) => at)).toEqual([NOW, NOW + 1, NOW + 2]);
  });

  it('of a resource exempt it from the one for all where there is one, and else are only taken away', async () => {
    await controls.setGate('ocr', { gate: 'normal' });
    expect(kept[0]!.control).toBeNull();
    await controls.setGate(null, { gate: 'closed' });
    expect(controls.gates().map(({ resource }) => resource)).toEqual([null]);
    await controls.setGate('ocr', { gate: 'normal' });
    expect(controls.gates().map(({ resource, gate }) => [resource, gate])).toEqual([
      [null, 'closed'],
      ['ocr', 'normal'],
    ]);
    await controls.setGate(null, { gate: 'normal' });
    expect(controls.gates()).toEqual([]);
  });

  it.each<[unknown, string]>([
    [undefined, 'body: must be an object'],
    [{}, 'gate: is missing'],
    [{ gate: 'ajar' }, 'gate: must be one of normal, open, closed'],
    [{ gate: 'open', until: 'soon' }, 'until: must be an instant with its offset'],
    [{ gate: 'open', until: '2026-11-22T12:50:00' }, 'until: must be an instant with its offset'],
    [
      { gate: 'open', until: '2026-11-22T12:20:30+08:00' },
      'until: must be in the future: it is 2026-11-22T04:20',
    ],
    [{ gate: 'open', reason: 'x'.repeat(257) }, 'reason: '],
    [{ gate: 'open', colour: 'red' }, 'colour: is not a known field'],
    [{ gate: 'closed', onDeny: { code: '' } }, 'onDeny.code: '],
    [
      { gate: 'closed', onDeny: { code: 'C', params: { a: 'x'.repeat(5_000) } } },
      'onDeny: must be at most 4096 bytes',
    ],
  ])('of %j are refused', async (input, sentence) => {
    await expect(controls.setGate('ocr', input as never)).rejects.toThrow(sentence);
    expect(kept).toEqual([]);
  });

  it('of what is no resource are refused', async () => {
    await expect(controls.setGate('a b', { gate: 'open' })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ path: 'resource' }],
    });
  });
});

describe('brakes', () => {
  const brake = { resource: 'llm', subject: { user: 'u1', grade: '3' }, percent: 90, until: LATER };

  it('of the same resource and subject are one, in whatever order its attributes stand', async () => {
    const { brake: first } = await controls.setBrake(brake, OPS);
    const turned = { ...brake, subject: { grade: '3', user: 'u1' }, percent: 50 };
    const { brake: second } = await controls.setBrake(turned);
    const { brake: other } = await controls.setBrake({ resource: 'llm', percent: 5, until: LATER });
    expect(second.id).toBe(first.id);
    expect(other.id).not.toBe(first.id);
    expect(
      controls
        .brakes()
        .map(({ percent }) => percent)
        .sort(),
    ).toEqual([5, 50]);
    expect(await controls.removeBrake(first.id)).toMatchObject({ brake: { percent: 50 } });
    await expect(controls.removeBrake(first.id)).rejects.toMatchObject({ code: 'brake-not-found' });
    expect(controls.brakes()).toHaveLength(1);
  });

  it.each<[object, string]>([
    [{ percent: 0 }, 'percent'],
    [{ percent: 1.5 }, 'percent'],
    [{ percent: 101 }, 'percent'],
    [{ until: undefined }, 'until'],
    [{ subject: {} }, 'subject'],
    [{ subject: { User: 'u1' } }, 'subject.User'],
    [{ resource: '-' }, 'resource'],
  ])('with %j are refused', async (wrong, path) => {
    await expect(controls.setBrake({ ...brake, ...wrong } as never)).rejects.toMatchObject({
      errors: [expect.objectContaining({ path })],
    });
  });
});

describe('drills', () => {
  const drill = { fault: 'store', percent: 100, until: LATER } as const;

  it('end by themselves, at most an hour from now', async () => {
    await controls.setDrill('ocr', drill);
    expect(controls.drills()).toMatchObject([{ resource: 'ocr', fault: 'store' }]);
    await expect(controls.setDrill('ocr', { ...drill, until: '2026-11-22T13:20:31+08:00' })).rejects.toThrow(
      'until: must be at most 60 minutes ahead',
    );
    now = Date.parse(LATER);
    expect(controls.drills()).toEqual([]);
    await expect(controls.removeDrill('ocr')).rejects.toMatchObject({ code: 'drill-not-found' });
  });

  it('are as many as there may be; those that are there can be changed', async () => {
    for (let i = 0; i < MAX_DRILLS; i++) await controls.setDrill(`r${i}`, drill);
    await expect(controls.setDrill('one-more', drill)).rejects.toThrow(
      `there are ${MAX_DRILLS} drills in force`,
    );
    await controls.setDrill('r0', { ...drill, percent: 1 });
    await controls.removeDrill('r1');
    await controls.setDrill('one-more', drill);
    expect(controls.drills()).toHaveLength(MAX_DRILLS);
  });
});
