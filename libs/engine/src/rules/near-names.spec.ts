import { describe, expect, it } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { NearNames } from './near-names.js';

describe('NearNames', () => {
  const names = new NearNames(['ocr', 'speech-score', 'llm.chat', 'sms', 'x']);

  it.each([
    ['OCR', 'ocr'],
    ['ocr.', 'ocr'],
    ['o-c-r', 'ocr'],
    ['orc', 'ocr'],
    ['ocrs', 'ocr'],
    ['speechScore', 'speech-score'],
    ['speech_scor', 'speech-score'],
    ['speech-score', 'speech-score'],
    ['llmchta', 'llm.chat'],
  ])('take %s for %s', (name, meant) => {
    for (let again = 0; again < 2; again++) expect(names.nearestTo(name)).toBe(meant);
  });

  it.each(['', '-', 'x', 'y', 'asr', 'score', 'chat', 'speech', 'z'.repeat(128)])(
    'know none near %j',
    (name) => {
      expect(names.nearestTo(name)).toBeUndefined();
    },
  );

  it('answer in bounded time, whatever is asked of 10,000 long names', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `${'a'.repeat(120)}${String(i).padStart(8, '0')}`);
    const near = new NearNames(many);
    expect(near.nearestTo(many[9_999]!.toUpperCase())).toBe(many[9_999]);
    const startedAt = performance.now();
    for (let i = 0; i < 1_000; i++) near.nearestTo(`${'a'.repeat(119)}${i}${'b'.repeat(5)}`);
    // A scan of all of them for each takes seconds.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
