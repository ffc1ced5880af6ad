import { describe, expect, it } from '@jest/globals';
import { scripts } from './index.js';

describe('a script', () => {
  it.each(Object.entries(scripts))('holds every file that it includes, once: %s', (_name, script) => {
    expect(script).not.toMatch(/^-- @(include|when-needed)/m);
    const functions = [...script.matchAll(/^local function (\w+)/gm)].map(([, name]) => name);
    expect(functions).toEqual([...new Set(functions)]);
  });
});
