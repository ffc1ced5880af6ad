import { describe, expect, it } from '@jest/globals';
import { VolumeOfYesterday } from './volume.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const channel = { resource: 'ocr', dependency: 'redis' };

/** A resource with so many decisions in each minute of an hour of its life. */
function volumeOf(perMinute: (hour: number) => number, hours: number, beganAt = 0): VolumeOfYesterday {
  const volume = new VolumeOfYesterday(
    {
      ...{ id: 'v', class: 'attention', clearAfterMs: 0 },
      ...{ decisions: 600, withinMs: HOUR_MS, factor: 3 },
    },
    beganAt,
  );
  for (let at = 0; at < hours * HOUR_MS; at += MINUTE_MS) {
    const allowed = perMinute(Math.floor(at / HOUR_MS));
    volume.note({ kind: 'decided', channel, allowed, denied: 0 }, at);
  }
  return volume;
}

describe('the volume of a resource against the same hour of yesterday', () => {
  it('holds where it is as many times as much, and says both', () => {
    const volume = volumeOf((hour) => (hour === 26 ? 30 : 10), 27);
    const at = 27 * HOUR_MS - 1;
    expect(volume.holds(at)).toBe(true);
    expect(volume.evidence(at)).toEqual({ decisions: 1_800, yesterday: 600 });
  });

  it('does not hold for what is the same every day, nor for less than its least number', () => {
    const everyMorning = (hour: number) => (hour % 24 === 2 ? 1_000 : 10);
    expect(volumeOf(everyMorning, 27).holds(27 * HOUR_MS - 1)).toBe(false);
    expect(volumeOf((hour) => (hour === 26 ? 9 : 1), 27).holds(27 * HOUR_MS - 1)).toBe(false);
  });

  it('knows no yesterday in the first 25 hours of a node, and none is nothing after them', () => {
    expect(volumeOf((hour) => (hour === 23 ? 100 : 0), 24).holds(24 * HOUR_MS)).toBe(false);
    expect(volumeOf((hour) => (hour === 25 ? 100 : 0), 26).holds(26 * HOUR_MS - 1)).toBe(true);
  });

  it('goes by the ledger where it was read of late, also on the first day', () => {
    const volume = volumeOf(() => 100, 3);
    const at = 3 * HOUR_MS;
    volume.note({ kind: 'volume-read', channel, decisions: 900, yesterday: 300 }, at);
    expect([volume.holds(at), volume.holds(at + 90_000), volume.holds(at + 90_001)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(volume.evidence(at)).toEqual({ decisions: 900, yesterday: 300 });
    for (const [decisions, yesterday] of [
      [900, 301],
      [599, 0],
    ] as const) {
      volume.note({ kind: 'volume-read', channel, decisions, yesterday }, at);
      expect(volume.holds(at)).toBe(false);
    }
  });

  it('goes by nothing else where what is noted is not all', () => {
    const volume = volumeOf((hour) => (hour === 26 ? 30 : 10), 27, Infinity);
    const at = 27 * HOUR_MS - 1;
    expect(volume.holds(at)).toBe(false);
    volume.note({ kind: 'volume-read', channel, decisions: 900, yesterday: 300 }, at);
    expect(volume.holds(at)).toBe(true);
  });

  it('forgets what is older, also where nothing was seen for days', () => {
    const volume = volumeOf(() => 100, 30);
    expect(volume.holds(80 * HOUR_MS)).toBe(false);
    volume.note({ kind: 'decided', channel, allowed: 600, denied: 0 }, 80 * HOUR_MS);
    expect(volume.evidence(80 * HOUR_MS)).toEqual({ decisions: 600, yesterday: 0 });
  });
});
