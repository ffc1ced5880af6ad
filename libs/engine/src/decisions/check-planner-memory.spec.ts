import { describe, expect, it } from '@jest/globals';
import { parseRule } from '../rules/parse-rule.js';
import { CheckPlanner } from './check-planner.js';

describe('what is kept of subjects', () => {
  const per = [...'abcdefgh'];
  const rules = [parseRule({ id: 'r', resource: 'ocr', per, limits: [{ window: 'day', max: 1 }] })];
  const subjectOf = (length: number) => Object.fromEntries(per.map((name) => [name, 'x'.repeat(length)]));
  const at = Date.parse('2026-11-26T12:00:00Z');

  // Each was 3.9 KB, ten times of what the bound was reckoned with.
  it('has a bounded size each: the longest are put together each time, with the same keys', () => {
    const planner = new CheckPlanner();
    for (const length of [8, 256]) planner.at(rules, subjectOf(length), at);
    const [short, again] = [planner.at(rules, subjectOf(8), at), planner.at(rules, subjectOf(8), at)];
    expect(again.counters).toBe(short.counters);
    const [long, other] = [planner.at(rules, subjectOf(256), at), planner.at(rules, subjectOf(256), at)];
    expect(other.counters).not.toBe(long.counters);
    expect(other.counters).toEqual(long.counters);
  });
});
