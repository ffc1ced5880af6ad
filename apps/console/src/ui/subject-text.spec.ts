import { describe, expect, it } from '@jest/globals';
import { subjectFrom, subjectText } from './subject-text.js';

describe('a subject', () => {
  it('is written as people write it', () => {
    expect(subjectText({ user: '张三', grade: '3' })).toBe('user=张三 grade=3');
    expect(subjectText(undefined)).toBe('—');
  });

  it.each(['张三', 'a b', 'a&b=c', '50%', '1+1', 'a=b', 'x\ny', '?#/', '<b>"'])(
    'is read as it was written: %j',
    (user) => {
      const subject = { user, grade: '3' };
      expect(subjectFrom(subjectText(subject))).toEqual(subject);
    },
  );
});
