import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_LIST_ENTRIES } from '../bounds.js';
import { parseInSlices } from './json-in-slices.js';

const parse = (text: string, maxValues = Infinity) =>
  parseInSlices(Buffer.from(text), { inspect: () => undefined, maxValues });

/** The value, or that there is none. */
async function outcome(act: () => unknown): Promise<unknown> {
  try {
    return { value: await act() };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'no JSON';
  }
}

const anyValue = fc.jsonValue({ maxDepth: 3 });
const anyRecord = fc.dictionary(fc.constantFrom('rules', 'a', 'b"', '[', ''), anyValue);
const anyText = fc.tuple(
  fc.oneof(
    anyRecord,
    fc.record({ rules: fc.array(anyValue), more: anyValue }, { requiredKeys: ['rules'] }),
    anyValue,
  ),
  fc.constantFrom(undefined, 1, '\t'),
);

describe('parseInSlices', () => {
  it('makes of any JSON what JSON.parse makes', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async ([value, indent]) => {
        const text = JSON.stringify(value, null, indent);
        expect(await parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses whatever JSON.parse refuses, and nothing else', async () => {
    const anyPiece = fc.constantFrom(
      ...'{}[]",:\\1 \n\u000b',
      '"rules"',
      '"rules":[',
      'null',
      '"\\""',
      '{"a":1}',
    );
    await fc.assert(
      fc.asyncProperty(anyText, fc.nat(), fc.nat(3), anyPiece, async ([value, indent], at, cut, piece) => {
        const whole = JSON.stringify(value, null, indent);
        const place = at % (whole.length + 1);
        const text = whole.slice(0, place) + piece + whole.slice(place + cut);
        expect(await outcome(() => parse(text))).toEqual(await outcome(() => JSON.parse(text)));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['a list twice, of which the last counts', '{"rules":[1,2],"rules":[3]}'],
    ['a list that another value replaces', '{"rules":[1,2],"rules":null}'],
    ['an empty list', '{"rules":[ \n ]}'],
    ['brackets in texts', '{"rules":["]","[","\\"]",{"]":"}"}]}'],
    ['a list in a list', '[["a"],[]]'],
    ['other scripts', '{"rules":["语音","😀"]}'],
  ])('takes %s', async (_what, text) => {
    expect(await parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '{"rules":[1,]}',
    '{"rules":[,]}',
    '{"rules":[\u000b]}',
    '{"rules":[{]}',
    '{"rules":[1}',
    '{"rules":[1',
  ])('refuses %s', async (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    await expect(parse(text)).rejects.toThrow(SyntaxError);
  });

  it('shows each entry, and what is around them, with how deep it lies', async () => {
    const seen: [unknown, number][] = [];
    const inspect = (value: unknown, level: number) => void seen.push([structuredClone(value), level]);
    await parseInSlices(Buffer.from('{"rules":[{"a":1},2],"b":3}'), { inspect, maxValues: Infinity });
    expect(seen).toEqual([
      [{ a: 1 }, 2],
      [2, 2],
      [{ rules: expect.any(String), b: 3 }, 0],
    ]);
  });

  const long = 'x'.repeat(33_000);
  it.each([
    ['an entry', JSON.stringify({ rules: [1, long] })],
    ['what is before the list', JSON.stringify({ a: long, rules: [] })],
    ['what is after the list', JSON.stringify({ rules: [], a: long })],
    ['a body without a list', JSON.stringify({ rules: { long } })],
    ['the number of entries', JSON.stringify({ rules: new Array(MAX_LIST_ENTRIES + 1).fill(0) })],
  ])('says how long %s may be', async (_what, text) => {
    await expect(parse(text)).rejects.toMatchObject({ code: 'payload-too-large' });
    await expect(parse(text)).rejects.toThrow(/at most \d+ (bytes|entries)/);
  });

  it('parses nothing of a text with too many values', async () => {
    const text = JSON.stringify({ rules: [[1, 2], { a: '[,{' }, 3] });
    expect(await parse(text, 7)).toEqual(JSON.parse(text));
    await expect(parse(text, 6)).rejects.toMatchObject({ code: 'invalid-json' });
    await expect(parse(`${text.slice(0, -2)},{`, 6)).rejects.toThrow('holds more than 6 values');
  });

  it('lets others have their turn while it parses 16 MiB', async () => {
    const entry = { text: 'a[b]{c}"'.repeat(140) };
    const rules = new Array(12_000).fill(entry);
    const text = Buffer.from(JSON.stringify({ rules }));
    expect(text.length).toBeGreaterThan(14 * 1024 * 1024);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const options = { inspect: () => undefined, maxValues: Infinity };
    const parsed = (await parseInSlices(text, options)) as { rules: unknown[] };
    clearInterval(timer);
    expect(parsed.rules).toHaveLength(12_000);
    expect(turns).toBeGreaterThan(5);
  });
});
