import { describe, expect, it } from '@jest/globals';
import { partings } from '../../scripts/readme-translations.mjs';

const ORIGINAL = [
  'Start it with `npm start`, see [docs](docs/a.md).',
  '',
  '```yaml',
  'max: 3 # three',
  '```',
  '![wall](docs/console/wall-en-dark.png)',
].join('\n');
const TRANSLATED = ORIGINAL.replace('Start it with `npm start`, see', '用 `npm start` 启动，见')
  .replace('# three', '# 三')
  .replace('wall-en', 'wall-zh');

describe('a translated README', () => {
  it('may differ in its prose, its comments, and the language of its pictures', () => {
    expect(partings(ORIGINAL, TRANSLATED)).toEqual([]);
  });

  it.each([
    ['max: 3', 'max: 4', ['code block 1: "max: 3" is "max: 4"']],
    ['```yaml', '```json', ['code block 1: "yaml" is "json"']],
    ['npm start', 'npm run dev', ['only in the original: npm start', 'only in the translation: npm run dev']],
    ['docs/a.md', 'docs/b.md', ['only in the original: docs/a.md', 'only in the translation: docs/b.md']],
    ['!', '\n```sh\nnpm ci\n```\n!', ['code block 2: the original has none']],
  ])('parts from the original where %j became %j', (before, after, found) => {
    expect(partings(ORIGINAL, TRANSLATED.replace(before, after))).toEqual(found);
  });

  it('parts from the original where a code block is missing', () => {
    const without = TRANSLATED.replace(/```.*```/s, '');
    expect(partings(ORIGINAL, without)).toEqual(['code block 1: the translation has none']);
  });
});
