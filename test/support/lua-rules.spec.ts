import { describe, expect, it } from '@jest/globals';
import { shapeFindings } from '../../scripts/lua-rules.mjs';

const HEADER = `-- Adds to a counter.
--
-- KEYS[1] the counter
-- ARGV[1] units
-- Returns the sum
--[[ Sample
redis-cli --eval <(node scripts/print-lua.mjs add) counter , 2
#> (integer) 2
# The counter held nothing before.
]]`;
const SCRIPT = `${HEADER}
-- @include shared/number.lua
local key, units = KEYS[1], integer(ARGV[1])

return redis.call('INCRBY', key, units)`;
const INCLUDE = `-- Numbers travel as texts.
-- @include shared/instant.lua
local MAX, WORDS, CACHE = 2 ^ 53, { a = 'b' }, {}

local function keep(number)
  CACHE[number] = true
  return number < MAX and WORDS.a
end`;

describe('the rules for the shape of Lua', () => {
  it('find nothing in a script and in an include that keep to them', () => {
    expect(inScript(SCRIPT)).toEqual([]);
    expect(inInclude(INCLUDE)).toEqual([]);
  });

  it.each([
    ['purpose', '-- Adds to a counter.\n'],
    ['KEYS', '-- KEYS[1] the counter\n'],
    ['ARGV', '-- ARGV[1] units\n'],
    ['Returns', '-- Returns the sum\n'],
    ['a sample call', 'redis-cli --eval '],
    ['a sample reply', '#> (integer) 2\n'],
    ['a sentence about the sample', '# The counter held nothing before.\n'],
  ])('find that the header of a script lacks %s', (part, text) => {
    expect(inScript(SCRIPT.replace(text, ''))).toEqual([`script.lua:1: the header lacks ${part}`]);
  });

  it('find more than 80 lines, comments and empty lines included', () => {
    const long = `${SCRIPT}${'\n-- More.'.repeat(80 - lengthOf(SCRIPT))}`;
    expect(inScript(long)).toEqual([]);
    expect(inScript(`${long}\n`)).toEqual(['script.lua:1: 81 lines are more than 80']);
  });

  it.each(['KEYS[1]', '#ARGV'])('find %s in a script, behind the block that reads the arguments', (use) => {
    const message = 'KEYS and ARGV are read in the block that follows the includes, and nowhere else';
    expect(inScript(`${SCRIPT.replace('return', 'local more =')}\nreturn ${use}`)).toEqual([
      `script.lua:15: ${message}`,
    ]);
  });

  it.each(['KEYS[1]', '#ARGV'])('find %s in an include', (use) => {
    expect(inInclude(`${INCLUDE}\nlocal function f() return ${use} end`)).toEqual([
      'script.lua:9: an include takes parameters and reads neither KEYS nor ARGV',
    ]);
  });

  it('let what is included when it is needed return a table', () => {
    expect(inInclude(`${INCLUDE}\nreturn { shared = shared }`)).toEqual([]);
  });

  it.each([
    'local state = {}',
    'local NOW = time()',
    "redis.call('TIME')",
    'function shared() end',
    'do end',
    'return 1',
    'return {}, {}',
  ])('find what an include does beside defining functions and constants: %s', (statement) => {
    expect(inInclude(`${INCLUDE}\n${statement}`)).toEqual([
      'script.lua:9: an include only defines functions, local or in a local table, and constants in capitals that call nothing, and may return a table of them',
    ]);
  });

  it.each(['MAX = 1', 'OTHER.field = 1', 'OTHER[1] = 1'])(
    'find a constant that is given another value, or that another file defines: %s',
    (assignment) => {
      expect(inInclude(`${INCLUDE}\nlocal function f() ${assignment} end`)).toEqual([
        'script.lua:9: a constant is changed: pass what changes as a parameter',
      ]);
    },
  );

  it('find an include that does not begin with what it is', () => {
    expect(inInclude(INCLUDE.replace('-- Numbers travel as texts.\n', ''))).toEqual([
      'script.lua:1: an include begins with what it is, in a comment',
    ]);
  });
});

const inScript = (text: string) => findingsIn(text, false);
const inInclude = (text: string) => findingsIn(text, true);

function findingsIn(text: string, included: boolean): string[] {
  const lines = text.split('\n').map((line, index) => ({ file: 'script.lua', line: index + 1, text: line }));
  return shapeFindings(lines, { included }).map(({ at, message }) => `${at}: ${message}`);
}

function lengthOf(text: string): number {
  return text.split('\n').length;
}
