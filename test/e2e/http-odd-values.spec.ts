import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

const ODD = [
  ...[
    '{}',
    '}',
    '{',
    'u1}',
    '{u1}',
    'a:b',
    'a',
    'b',
    'ab',
    '%7B',
    '%',
    '*',
    '?',
    ' ',
    'u1',
    'U1',
    '__proto__',
    'constructor',
  ],
  ...[
    '\u0000',
    '\r\n',
    '\n',
    '\u001b[31m',
    '\u2028',
    '\ud800',
    '\udfff',
    '\ufffd',
    'é',
    'e\u0301',
    '𝄞',
    'x'.repeat(256),
  ],
];

/** Values that look like syntax are no errors; they must only never reach another subject's counter. */
describe.each(STORES)('odd values have counters of their own, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const used = async (subject: object, amount: number) => {
    const resource = 'grade' in subject ? 'speech-scoring' : 'ocr';
    const { body } = await service.api.post('/check').send({ resource, subject, amount });
    return (body as { limits: { used: number }[] }).limits[0]?.used;
  };

  it('one by one', async () => {
    for (const user of ODD) await used({ user }, 1);
    for (const user of ODD) expect({ user, used: await used({ user }, 0) }).toEqual({ user, used: 1 });
  });

  it('and in pairs, wherever one value ends and the next begins', async () => {
    const pairs = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a}', 'b'],
      ['a', '}b'],
      ['', '\u0000'].map((end) => `a${end}`),
    ];
    for (const [user, grade] of pairs) await used({ user, grade }, 1);
    for (const [user, grade] of pairs) {
      expect({ user, grade, used: await used({ user, grade }, 0) }).toEqual({ user, grade, used: 1 });
    }
  });
});
