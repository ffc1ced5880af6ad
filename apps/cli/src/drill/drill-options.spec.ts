import { describe, expect, it } from '@jest/globals';
import { callsOption, resourceOption, subjectOption } from './drill-options.js';

describe('the options of a drill', () => {
  it('collect attributes, whose values may hold anything', () => {
    expect(subjectOption('grade=3', subjectOption('user=a=b'))).toEqual({ user: 'a=b', grade: '3' });
  });

  it.each(['user', 'user=', '=u1', 'User=u1', 'resource=ocr', `user=${'x'.repeat(257)}`])(
    'refuse the subject %p',
    (text) => expect(() => subjectOption(text)).toThrow('attribute=value'),
  );

  it('take as many calls as an alarm needs, and no more than a service should see', () => {
    expect([callsOption('12'), callsOption('200')]).toEqual([12, 200]);
    for (const text of ['11', '201', '1e2', '20.5', '-20', '']) {
      expect(() => callsOption(text)).toThrow('from 12 to 200');
    }
  });

  it('refuse what is no resource', () => {
    expect(resourceOption('ocr')).toBe('ocr');
    expect(() => resourceOption('a b')).toThrow('no name');
  });
});
