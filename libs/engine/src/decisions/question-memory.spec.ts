import { describe, expect, it } from '@jest/globals';
import { parseRule } from '../rules/parse-rule.js';
import { Questions } from './question.js';

describe('what is kept of subjects', () => {
  const per = [...'abcdefgh'];
  const rules = [parseRule({ id: 'r', resource: 'ocr', per, limits: [{ window: 'day', max: 1 }] })];
  const subjectOf = (length: number) => Object.fromEntries(per.map((name) => [name, 'x'.repeat(length)]));
  const at = Date.parse('2026-11-26T12:00:00Z');

  // Each was 3.9 KB, ten times of what the bound was reckoned with.
  it('has a bounded size each: the longest are put together each time, with the same keys', () => {
    const questions = new Questions();
    for (const length of [8, 256]) questions.at(rules, subjectOf(length), at);
    const [short, again] = [questions.at(rules, subjectOf(8), at), questions.at(rules, subjectOf(8), at)];
    expect(again.counters).toBe(short.counters);
    const [long, anew] = [questions.at(rules, subjectOf(256), at), questions.at(rules, subjectOf(256), at)];
    expect(anew.counters).not.toBe(long.counters);
    expect(anew.counters).toEqual(long.counters);
  });
});
