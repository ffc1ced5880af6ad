import { describe, expect, it } from '@jest/globals';
import { scripts } from './index.js';

describe('probe.lua', () => {
  it('tries every command that a script uses', () => {
    const { probe, ...others } = scripts;
    const calls = Object.values(others).flatMap((script) => [
      ...script.matchAll(/redis\.p?call\(\s*'([A-Z]+)'/g),
    ]);
    const used = new Set(calls.map(([, command]) => command!));
    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((command) => !probe.includes(`'${command}'`))).toEqual([]);
  });
});
