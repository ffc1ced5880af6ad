import { describe, expect, it } from '@jest/globals';
import { scripts } from './index.js';

describe('a script', () => {
  it.each(Object.entries(scripts))(
    'has every file that it includes, once where it is seen: %s',
    (_name, script) => {
      expect(script).not.toMatch(/^-- @(include|when-needed)/m);
      expect(seenTwice(script)).toEqual([]);
    },
  );

  it('would have a file twice where a part that is made when it is needed had it again', () => {
    const part = (name: string) => `  made = made or (function()\nlocal function ${name}()\nend\nend)()\n`;
    const script = `local function shared()\nend\n${part('one')}${part('one')}`;
    expect(seenTwice(script)).toEqual([]);
    expect(seenTwice(`${script}${part('shared')}`)).toEqual(['shared']);
  });
});

/** Functions of which another one of the same name is seen: parts that are made when they are needed do not see each other. */
function seenTwice(script: string): string[] {
  const scopes: Set<string>[] = [new Set()];
  const twice: string[] = [];
  for (const line of script.split('\n')) {
    const name = /^local function (\w+)/.exec(line)?.[1];
    if (name !== undefined && scopes.some((scope) => scope.has(name))) twice.push(name);
    if (name !== undefined) scopes.at(-1)!.add(name);
    if (/_?made or \(function\(\)$/.test(line)) scopes.push(new Set());
    if (line.endsWith('end)()')) scopes.pop();
  }
  return twice;
}
