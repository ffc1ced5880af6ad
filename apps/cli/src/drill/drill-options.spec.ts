import { describe, expect, it } from '@jest/globals';
import { callsOption } from './drill-options.js';

describe('the options of a drill', () => {
  it('take as many calls as an alarm needs, and no more than a service should see', () => {
    expect([callsOption('12'), callsOption('200')]).toEqual([12, 200]);
    for (const text of ['11', '201', '1e2', '20.5', '-20', '']) {
      expect(() => callsOption(text)).toThrow('from 12 to 200');
    }
  });
});
