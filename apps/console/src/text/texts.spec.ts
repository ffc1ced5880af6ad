import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { en } from './en.js';
import { zh } from './zh.js';

const SOURCES = join(process.cwd(), 'apps/console/src');
const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter(
    (name) => /\.tsx?$/.test(name) && !/(spec|gen\.d)\.ts$/.test(name) && !/text.(en|zh)(\.|\/)/.test(name),
  )
  .map((name) => readFileSync(join(SOURCES, name), 'utf8'))
  .join('\n');

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).sort();
}

describe('the texts of the console', () => {
  it('are complete in both languages, with the same values in them', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    for (const [key, text] of Object.entries(en)) {
      const other = zh[key as keyof typeof en];
      expect({ key, isEmpty: [text, other].some((one: string) => one === '') }).toEqual({
        key,
        isEmpty: false,
      });
      expect({ key, values: placeholders(other) }).toEqual({ key, values: placeholders(text) });
    }
  });

  it('are all used, and every text that a page asks for exists', () => {
    const asked = [...sources.matchAll(/\bt\(\s*'(\w+)'/g)].map(([, key]) => key!);
    expect(asked.filter((key) => !(key in en))).toEqual([]);
    const isUsed = (key: string) => new RegExp(`['"]${key}['"]`).test(sources);
    const families = [...sources.matchAll(/\bt\(`(\w+_)\$\{/g)].map(([, family]) => family!);
    const unused = Object.keys(en).filter(
      (key) => !isUsed(key) && !families.some((family) => key.startsWith(family)),
    );
    expect(unused).toEqual([]);
  });
});
