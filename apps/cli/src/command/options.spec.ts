import { describe, expect, it } from '@jest/globals';
import { amountsOption, resourceOption, subjectOption } from './options.js';

describe('options of commands', () => {
  it('collect attributes, whose values may hold anything', () => {
    expect(subjectOption('grade=3', subjectOption('user=a=b'))).toEqual({ user: 'a=b', grade: '3' });
  });

  it.each(['user', 'user=', '=u1', 'User=u1', 'resource=ocr', `user=${'x'.repeat(257)}`])(
    'refuse the subject %p',
    (text) => expect(() => subjectOption(text)).toThrow('attribute=value'),
  );

  it('refuse what is no resource', () => {
    expect(resourceOption('ocr')).toBe('ocr');
    expect(() => resourceOption('a b')).toThrow('no name');
  });

  it('collect amounts of meters', () => {
    expect(amountsOption('tokens=1200', amountsOption('pages=0'))).toEqual({ tokens: 1200, pages: 0 });
    for (const text of [
      'tokens',
      'tokens=',
      'tokens=1.5',
      'tokens=-1',
      '=1',
      'a b=1',
      'tokens=9007199254740992',
    ])
      expect(() => amountsOption(text)).toThrow();
  });
});
