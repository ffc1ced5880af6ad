import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { QuietLog } from './quiet-log.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('QuietLog', () => {
  it('speaks once a minute and says how often it was silent', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    let now = 5_000;
    const log = new QuietLog('OcrService.submit ran uncounted', () => now);
    for (let n = 0; n < 1_000; n += 1) log.warn('the quota did not decide. Error: gone');
    now += 59_999;
    log.warn('the quota did not decide. Error: gone');
    now += 1;
    log.warn('the quota did not decide. Error: still gone');
    now += 60_000;
    log.warn('the quota did not decide. Error: gone again');
    expect(warn.mock.calls.map(([line]) => line as string)).toEqual([
      'OcrService.submit ran uncounted: the quota did not decide. Error: gone',
      'OcrService.submit ran uncounted (and 1000 times before, not logged): the quota did not decide. Error: still gone',
      'OcrService.submit ran uncounted: the quota did not decide. Error: gone again',
    ]);
  });
});
