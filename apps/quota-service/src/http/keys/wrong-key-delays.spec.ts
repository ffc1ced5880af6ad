import { describe, expect, it } from '@jest/globals';
import { WrongKeyDelays } from './wrong-key-delays.js';

function delaysAt(clock: { now: number }): (address: string) => number | undefined {
  const delays = new WrongKeyDelays(() => clock.now);
  return (address) => {
    const wait = delays.begin(address);
    wait?.end();
    return wait?.delayMs;
  };
}

describe('the answer to a wrong key', () => {
  it('waits longer with each from one address, up to a second, and not for what others sent', () => {
    const delay = delaysAt({ now: 0 });
    expect([delay('10.0.0.1'), delay('10.0.0.1'), delay('10.0.0.1')]).toEqual([10, 20, 30]);
    expect(delay('10.0.0.2')).toBe(10);
    for (let guess = 0; guess < 200; guess++) delay('10.0.0.1');
    expect(delay('10.0.0.1')).toBe(1_000);
  });

  it('waits less again when time has passed', () => {
    const clock = { now: 0 };
    const delay = delaysAt(clock);
    for (let guess = 0; guess < 10; guess++) delay('10.0.0.1');
    clock.now = 5_000;
    expect(delay('10.0.0.1')).toBe(60);
    clock.now = 60_000;
    expect(delay('10.0.0.1')).toBe(10);
  });

  it('counts the addresses of one IPv6 network together, and an IPv4 address in either spelling', () => {
    const delay = delaysAt({ now: 0 });
    expect([delay('2001:db8:1:2::1'), delay('2001:db8:1:2:ffff::9'), delay('2001:db8:1:3::1')]).toEqual([
      10, 20, 10,
    ]);
    expect([delay('::ffff:10.0.0.1'), delay('10.0.0.1'), delay('::1'), delay('fe80::1%eth0')]).toEqual([
      10, 20, 10, 10,
    ]);
  });

  it('waits only so often at once, for an address and for all', () => {
    const delays = new WrongKeyDelays(() => 0);
    const waits = Array.from({ length: 64 }, () => delays.begin('10.0.0.1'));
    expect(waits.every(Boolean)).toBe(true);
    expect(delays.begin('10.0.0.1')).toBeUndefined();
    for (let host = 0; host < 1_000 - 64; host++)
      expect(delays.begin(`10.1.${host >> 8}.${host & 255}`)).toBeDefined();
    expect(delays.begin('10.2.0.1')).toBeUndefined();
    waits[0]!.end();
    expect(delays.begin('10.2.0.1')).toBeDefined();
  });

  it('is remembered of a bounded number of addresses, the latest', () => {
    const clock = { now: 0 };
    const delays = new WrongKeyDelays(() => clock.now);
    for (let host = 0; host < 20_000; host++)
      delays.begin(`10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`)?.end();
    expect(delays.size).toBe(4_096);
    expect(delays.begin('10.0.78.31')?.delayMs).toBe(20);
    expect(delays.begin('10.0.0.0')?.delayMs).toBe(10);
  });
});
