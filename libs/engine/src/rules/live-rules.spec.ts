import { describe, expect, it } from '@jest/globals';
import { LiveRules } from './live-rules.js';
import { parseRule } from './parse-rule.js';
import { RuleBook } from './rule-book.js';

const rule = (id: string, more: object = {}) =>
  parseRule({ id, resource: 'ocr', per: [], limits: [{ window: 'day', max: 1 }], ...more });

describe('LiveRules', () => {
  it('takes newer books, and neither the same nor older ones', () => {
    const live = new LiveRules();
    expect([2, 2, 1, 3].map((version) => live.apply(new RuleBook(version, [])))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(live.current.version).toBe(3);
  });

  it('gives a provisional book up for any other, and never goes back to one', () => {
    const live = new LiveRules(new RuleBook(40, [], { provisional: true }));
    const stored = new RuleBook(2, []);
    expect(live.apply(stored)).toBe(true);
    expect(live.apply(new RuleBook(2, [], { provisional: true }))).toBe(false);
    expect(live.current).toBe(stored);
  });
});

describe('RuleBook', () => {
  it('finds the rules of a resource that count, in order', () => {
    const rules = [
      rule('a'),
      rule('b', { mode: 'off' }),
      rule('c', { mode: 'observe' }),
      rule('d', { resource: 'llm' }),
    ];
    const book = new RuleBook(1, rules);
    expect(book.forResource('ocr')).toEqual([rule('a'), rule('c', { mode: 'observe' })]);
    expect(book.forResource('constructor')).toEqual([]);
    expect([book.byId('b')?.mode, book.byId('constructor')]).toEqual(['off', undefined]);
  });
});
