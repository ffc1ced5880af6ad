import { describe, expect, it } from '@jest/globals';
import { scripts } from './index.js';

/** Overrides are listed by the node itself. */
const WITHOUT_A_SCRIPT = ['ZRANGEBYLEX'];

describe('probe.lua', () => {
  it('tries every command that a script uses, and no other', () => {
    const { probe, ...others } = scripts;
    const calls = Object.values(others).flatMap((script) => [
      ...script.matchAll(/redis\.p?call\(\s*'([A-Z]+)'/g),
    ]);
    const used = new Set(calls.map(([, command]) => command!));
    expect(used.size).toBeGreaterThan(10);
    // Options of commands are shorter.
    const tried = new Set([...probe.matchAll(/'([A-Z]{3,})'/g)].map(([, command]) => command!));
    expect([...tried].sort()).toEqual([...used, ...WITHOUT_A_SCRIPT].sort());
  });
});
