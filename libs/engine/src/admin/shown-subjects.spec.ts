import { describe, expect, it } from '@jest/globals';
import type { Rule } from '@sundial/contract';
import fc from 'fast-check';
import { counterKey, keyPart } from '../counters/counter-key.js';
import { counterKeyOfShown, keysOfRule, subjectOfKey } from './shown-subjects.js';

const rule = (more: Partial<Rule> = {}): Rule => ({
  id: 'ocr:per.user',
  resource: 'ocr',
  per: ['user', 'grade'],
  timeZone: 'Asia/Shanghai',
  limits: [{ window: 'day', max: 1 }],
  mode: 'enforce',
  degrade: 'local',
  ...more,
});

describe('a subject as its counter names it', () => {
  it('is found again from its key, hashed where the value is long or odd, and leads to the same key', () => {
    const value = fc.oneof(
      fc.string({ minLength: 1, maxLength: 80, unit: 'binary' }),
      fc.constantFrom('u1', '~', ':', '}', '!', 'a:grade=3', `~${'x'.repeat(42)}`),
    );
    fc.assert(
      fc.property(value, value, (user, grade) => {
        const { key } = counterKey(rule(), { user, grade });
        const shown = subjectOfKey(rule(), key);
        expect(shown?.subject).toEqual({ user: keyPart(user), grade: keyPart(grade) });
        const hashed = { user, grade };
        const names = (['user', 'grade'] as const).filter((name) => keyPart(hashed[name]) !== hashed[name]);
        expect(shown?.hashed ?? []).toEqual(names);
        expect(counterKeyOfShown(rule(), shown!.subject).key).toBe(key);
        const { prefix, infix } = keysOfRule(rule());
        expect(key.startsWith(prefix) && key.includes(infix, prefix.length)).toBe(true);
      }),
    );
  });

  it.each([
    ['of another rule', rule({ id: 'ocr:per.user2' })],
    ['of a rule whose id begins the same', rule({ id: 'ocr:per' })],
    ['of another resource', rule({ resource: 'ocr:x' })],
    ['in another zone', rule({ timeZone: 'UTC' })],
    ['of fewer attributes', rule({ per: ['user'] })],
    ['of more attributes', rule({ per: ['user', 'grade', 'shop'] })],
    ['of attributes in another order', rule({ per: ['grade', 'user'] })],
  ])('is none where the counter is %s', (_what, other) => {
    const { key } = counterKey(other, { user: 'u1', grade: '3', shop: 's' });
    expect(subjectOfKey(rule(), key)).toBeUndefined();
    expect(subjectOfKey(other, key)).toBeDefined();
  });

  it('is none of what lies beside a counter', () => {
    const { key } = counterKey(rule(), { user: 'u1', grade: '3' });
    expect(subjectOfKey(rule(), `${key}!holds`)).toBeUndefined();
  });
});
