import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INPUT_SENTENCES, type InputError } from '@sundial/contract';
import { RunningService } from '../support/running-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

const post = (text: string | Buffer) =>
  service.api.post('/check').set('content-type', 'application/json').send(text);

/** What was asked is refused with every error named, and no counter changed. */
async function expectRefused(text: string, path: string): Promise<void> {
  const { status, body, headers } = await post(text);
  expect(status).toBe(400);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({
    status: 400,
    code: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  if (body.code === 'invalid-request')
    for (const { code } of body.errors as InputError[]) expect(INPUT_SENTENCES).toHaveProperty([code!]);
  const { body: usage } = await service.api.get('/usage?resource=ocr&user=u1');
  expect(usage.limits).toMatchObject([{ used: 0 }, { used: 0 }]);
}

describe('a check is refused for', () => {
  const subject = { user: 'u1' };
  const resource = 'ocr';

  it.each<[string, unknown, string]>([
    ['a body that is no object', [], ''],
    ['null', null, ''],
    ['a number', 7, ''],
    ['no resource', { subject }, 'resource'],
    ['an empty resource', { resource: '', subject }, 'resource'],
    ['a resource with a slash', { resource: 'a/b', subject }, 'resource'],
    ['a resource of 129 characters', { resource: 'a'.repeat(129), subject }, 'resource'],
    ['no subject', { resource }, 'subject'],
    ['an empty subject', { resource, subject: {} }, 'subject.user'],
    ['a subject that is a text', { resource, subject: 'u1' }, 'subject'],
    ['a subject that is a list', { resource, subject: ['u1'] }, 'subject'],
    ['an attribute the rule counts by missing', { resource, subject: { grade: '3' } }, 'subject.user'],
    ['an attribute that is a number', { resource, subject: { user: 1 } }, 'subject.user'],
    ['an attribute that is null', { resource, subject: { user: null } }, 'subject.user'],
    ['an empty value', { resource, subject: { user: '' } }, 'subject.user'],
    ['a value of 257 characters', { resource, subject: { user: 'x'.repeat(257) } }, 'subject.user'],
    [
      'nine attributes',
      { resource, subject: Object.fromEntries([...'abcdefghi'].map((name) => [name, 'x'])) },
      'subject',
    ],
    [
      'an attribute called resource',
      { resource, subject: { user: 'u1', resource: 'x' } },
      'subject.resource',
    ],
    ['an attribute with a capital', { resource, subject: { user: 'u1', User: 'x' } }, 'subject.User'],
    ['an unknown field', { resource, subject, amuont: 2 }, 'amuont'],
    ['a negative amount', { resource, subject, amount: -1 }, 'amount'],
    ['a fractional amount', { resource, subject, amount: 1.5 }, 'amount'],
    ['an amount as a text', { resource, subject, amount: '1' }, 'amount'],
    ['an amount called NaN', { resource, subject, amount: 'NaN' }, 'amount'],
    ['an amount of null', { resource, subject, amount: null }, 'amount'],
    ['a negative amount of a meter', { resource, subject, amounts: { tokens: -1 } }, 'amounts.tokens'],
    ['a fractional amount of a meter', { resource, subject, amounts: { tokens: 1.5 } }, 'amounts.tokens'],
    ['an amount of a meter as a text', { resource, subject, amounts: { tokens: '1' } }, 'amounts.tokens'],
    ['the meter `units` among amounts', { resource, subject, amounts: { units: 1 } }, 'amounts.units'],
    ['a meter with a space', { resource, subject, amounts: { 'a b': 1 } }, 'amounts.a b'],
    ['an empty meter', { resource, subject, amounts: { '': 1 } }, 'amounts.'],
    [
      'nine meters',
      { resource, subject, amounts: Object.fromEntries([...'abcdefghi'].map((name) => [name, 1])) },
      'amounts',
    ],
    ['amounts that are a list', { resource, subject, amounts: [1] }, 'amounts'],
    ['amounts of null', { resource, subject, amounts: null }, 'amounts'],
    ['an empty operation id', { resource, subject, operationId: '' }, 'operationId'],
    ['an operation id of 129 characters', { resource, subject, operationId: 'x'.repeat(129) }, 'operationId'],
    ['an operation id with a line break', { resource, subject, operationId: 'a\nb' }, 'operationId'],
    ['an operation id that is a number', { resource, subject, operationId: 7 }, 'operationId'],
  ])('%s', (_what, body, path) => expectRefused(JSON.stringify(body), path));

  it.each<[string, string, string]>([
    [
      'an amount above 2^53 − 1',
      '{"resource":"ocr","subject":{"user":"u1"},"amount":9007199254740992}',
      'amount',
    ],
    [
      'an amount JSON reads as infinite',
      '{"resource":"ocr","subject":{"user":"u1"},"amount":1e400}',
      'amount',
    ],
    [
      'an amount of a meter above 2^53 − 1',
      '{"resource":"ocr","subject":{"user":"u1"},"amounts":{"tokens":9007199254740992}}',
      'amounts.tokens',
    ],
    ['__proto__ among amounts', '{"resource":"ocr","subject":{"user":"u1"},"amounts":{"__proto__":1}}', ''],
    ['text that is no JSON', '{"resource":"ocr",', ''],
    ['no body at all', '', ''],
    ['__proto__', '{"resource":"ocr","subject":{"user":"u1"},"__proto__":{"amount":0}}', ''],
    ['__proto__ in the subject', '{"resource":"ocr","subject":{"user":"u1","__proto__":"x"}}', ''],
    ['__proto__ in escapes', '{"resource":"ocr","subject":{"user":"u1","\\u005f_proto__":"x"}}', ''],
    [
      'constructor.prototype',
      '{"resource":"ocr","subject":{"user":"u1"},"constructor":{"prototype":{}}}',
      'constructor',
    ],
    [
      '10,000 lists in each other',
      `{"resource":"ocr","subject":{"user":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`,
      '',
    ],
    ['4,000 objects in each other', `${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`, ''],
  ])('%s', (_what, text, path) => expectRefused(text, path));

  it('bytes that are no UTF-8, which decoding would make equal', async () => {
    const of = (byte: number) =>
      Buffer.concat([
        Buffer.from('{"resource":"ocr","subject":{"user":"'),
        Buffer.from([byte]),
        Buffer.from('"}}'),
      ]);
    expect((await post(of(0xff))).status).toBe(400);
    expect((await post(of(0xfe))).status).toBe(400);
  });

  it('several errors at once, all of them named', async () => {
    const { body } = await post('{"resource":"","subject":{"user":1},"amount":-1,"x":1}');
    const paths = body.errors.map((error: { path: string }) => error.path);
    expect(paths).toEqual(expect.arrayContaining(['resource', 'subject.user', 'amount', 'x']));
  });
});
