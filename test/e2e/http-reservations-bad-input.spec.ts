import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/running-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

const VALID = { resource: 'ocr', subject: { user: 'u1' } };
const MAX = Number.MAX_SAFE_INTEGER;

/** Answered 400 with every error, and nothing is counted or held. */
async function expectRefused(
  method: 'post' | 'put',
  path: string,
  body: unknown,
  errors: Record<string, string | RegExp>,
): Promise<void> {
  const answer = await service.api[method](path)
    .set('content-type', 'application/json')
    .send(JSON.stringify(body));
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'invalid-request' });
  const found = answer.body.errors as { path: string; message: string }[];
  expect(Object.fromEntries(found.map((error) => [error.path, error.message]))).toEqual(
    Object.fromEntries(
      Object.entries(errors).map(([place, message]) => [
        place,
        typeof message === 'string' ? message : expect.stringMatching(message),
      ]),
    ),
  );
  const { body: usage } = await service.api.get('/usage?resource=ocr&user=u1');
  expect(usage.limits).toMatchObject([
    { used: 0, reserved: 0 },
    { used: 0, reserved: 0 },
  ]);
}

const INTEGER = 'must be of type integer';

describe('a reserve is refused for', () => {
  it.each<[string, unknown, Record<string, string | RegExp>]>([
    ['null', null, { '': 'must be an object' }],
    ['a list', [], { '': 'must be an object' }],
    ['no subject', { resource: 'ocr' }, { subject: 'is missing' }],
    [
      'an attribute that its rule counts by missing',
      { resource: 'ocr', subject: {} },
      { 'subject.user': /^is missing/ },
    ],
    ['an unknown field', { ...VALID, ttl: 5 }, { ttl: 'is not a known field' }],
    ['a ttl below a second', { ...VALID, ttlMs: 999 }, { ttlMs: 'must be >= 1000' }],
    ['a ttl above a day', { ...VALID, ttlMs: 86_400_001 }, { ttlMs: 'must be <= 86400000' }],
    ['a ttl that is no integer', { ...VALID, ttlMs: 1_000.5 }, { ttlMs: INTEGER }],
    ['a ttl that is a text', { ...VALID, ttlMs: '1000' }, { ttlMs: INTEGER }],
    ['a ttl of null', { ...VALID, ttlMs: null }, { ttlMs: INTEGER }],
    ['another onExpiry', { ...VALID, onExpiry: 'keep' }, { onExpiry: 'must be one of release, commit' }],
    ['a negative amount', { ...VALID, amount: -1 }, { amount: 'must be >= 0' }],
    ['half a unit', { ...VALID, amount: 0.5 }, { amount: INTEGER }],
    ['more than is exact', { ...VALID, amount: MAX + 1 }, { amount: `must be <= ${MAX}` }],
    [
      'an amount of a meter that is negative',
      { ...VALID, amounts: { tokens: -1 } },
      { 'amounts.tokens': 'must be >= 0' },
    ],
    [
      'an amount of a meter above 2^53−1',
      { ...VALID, amounts: { tokens: MAX + 1 } },
      { 'amounts.tokens': `must be <= ${MAX}` },
    ],
    ['amounts that are a list', { ...VALID, amounts: [1] }, { amounts: 'must be an object' }],
    [
      'several at once',
      { ...VALID, ttlMs: 1, onExpiry: 7, reason: 'x' },
      {
        ttlMs: 'must be >= 1000',
        onExpiry: /^must be /,
        reason: 'is not a known field',
      },
    ],
  ])('%s', async (_what, body, errors) => {
    await expectRefused('post', '/reservations', body, errors);
  });

  it.each([
    ['units among the amounts', { units: 1 }],
    ['a meter that is no name', { 'a b': 1 }],
    ['nine meters', Object.fromEntries([...'abcdefghi'].map((meter) => [meter, 1]))],
  ])('%s', async (_what, amounts) => {
    const { status, body } = await service.api.post('/reservations').send({ ...VALID, amounts });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-request' });
  });
});

describe('an ending is refused for', () => {
  const CASES: [string, string, unknown, Record<string, string | RegExp>][] = [
    ['a commit of null', 'commit', null, { '': 'must be an object' }],
    ['a commit of an unknown field', 'commit', { tokens: 5 }, { tokens: 'is not a known field' }],
    ['a commit of a negative amount', 'commit', { amount: -1 }, { amount: 'must be >= 0' }],
    ['a commit of half a token', 'commit', { amounts: { tokens: 0.5 } }, { 'amounts.tokens': INTEGER }],
    ['a release of an amount', 'release', { amount: 1 }, { amount: 'is not a known field' }],
    ['a reason of 257 characters', 'release', { reason: 'x'.repeat(257) }, { reason: /256 characters/ }],
    ['a reason that is a number', 'release', { reason: 7 }, { reason: 'must be of type string' }],
    ['an extension by half a second', 'extend', { ttlMs: 500 }, { ttlMs: 'must be >= 1000' }],
    ['an extension by two days', 'extend', { ttlMs: 2 * 86_400_000 }, { ttlMs: 'must be <= 86400000' }],
    [
      'an extension of an unknown field',
      'extend',
      { onExpiry: 'commit' },
      { onExpiry: 'is not a known field' },
    ],
  ];

  it.each(CASES)('%s', async (_what, verb, body, errors) => {
    await expectRefused('post', `/reservations/WzEs/${verb}`, body, errors);
  });

  it('an extension without a body', async () => {
    const { status, body } = await service.api.post('/reservations/WzEs/extend');
    expect({ status, errors: body.errors }).toMatchObject({
      status: 400,
      errors: [{ path: '', message: 'must be an object' }],
    });
  });
});

describe('a reservation id', () => {
  const VERBS = [
    ['get', ''],
    ['post', '/commit'],
    ['post', '/release'],
  ] as const;

  it.each([
    ['made up', 'WzEsIjAxSkQ4Wjd-example'],
    ['too short', 'a'],
    ['of other characters', 'a%20b'],
    ['with a dot', '%2e%2e%2fadmin'],
    ['of an umlaut', '%C3%A4'],
    ['as long as any can be', 'x'.repeat(14_000)],
  ])('that is %s is not found', async (_what, id) => {
    for (const [method, verb] of VERBS) {
      const { status, body } = await service.api[method](`/reservations/${id}${verb}`);
      expect({ verb, status, code: body.code }).toEqual({ verb, status: 404, code: 'reservation-not-found' });
    }
  });

  it('that is longer than any can be is refused as a path', async () => {
    const { status, body } = await service.api.get(`/reservations/${'x'.repeat(14_100)}`);
    expect({ status, code: body.code }).toEqual({ status: 414, code: 'uri-too-long' });
  });
});

describe('a refund and a return are refused for', () => {
  it.each<[string, string, unknown, Record<string, string | RegExp>]>([
    ['no operation', '/refunds', VALID, { operationId: 'is missing' }],
    ['an amount', '/refunds', { ...VALID, operationId: 'x', amount: 1 }, { amount: 'is not a known field' }],
    ['no operation', '/returns', VALID, { operationId: 'is missing' }],
    ['a negative amount', '/returns', { ...VALID, operationId: 'x', amount: -1 }, { amount: 'must be >= 0' }],
    ['a reason', '/returns', { ...VALID, operationId: 'x', reason: 'x' }, { reason: 'is not a known field' }],
    [
      'an attribute missing',
      '/refunds',
      { ...VALID, operationId: 'x', subject: {} },
      { 'subject.user': /^is missing/ },
    ],
    [
      'an attribute missing',
      '/returns',
      { ...VALID, operationId: 'x', subject: {} },
      { 'subject.user': /^is missing/ },
    ],
  ])('%s: %s', async (_what, path, body, errors) => {
    await expectRefused('post', path, body, errors);
  });
});

describe('a correction is refused for', () => {
  const correction = { rule: 'ocr-per-user', subject: { user: 'u1' }, limits: [{ window: 'day', used: 4 }] };

  it.each<[string, unknown, Record<string, string | RegExp>]>([
    ['no limits', { ...correction, limits: [] }, { limits: /fewer than 1/ }],
    ['an unknown field', { ...correction, resource: 'ocr' }, { resource: 'is not a known field' }],
    [
      'a negative count',
      { ...correction, limits: [{ window: 'day', used: -1 }] },
      { 'limits.0.used': 'must be >= 0' },
    ],
    ['no count', { ...correction, limits: [{ window: 'day' }] }, { 'limits.0.used': 'is missing' }],
    [
      'a window that is none',
      { ...correction, limits: [{ window: 'dya', used: 1 }] },
      { 'limits.0.window': 'must be a window as the rule writes it' },
    ],
    [
      'a limit that the rule has not',
      { ...correction, limits: [{ window: 'year', used: 1 }] },
      { 'limits.0': 'is no limit of the rule ocr-per-user' },
    ],
    [
      'a meter that the rule does not count',
      { ...correction, limits: [{ window: 'day', meter: 'tokens', used: 1 }] },
      { 'limits.0': 'is no limit of the rule ocr-per-user' },
    ],
    [
      'one limit twice',
      {
        ...correction,
        limits: [
          { window: 'day', used: 1 },
          { window: { unit: 'day' }, used: 2 },
        ],
      },
      { 'limits.1': 'names a limit that is named before' },
    ],
    ['an attribute missing', { ...correction, subject: {} }, { 'subject.user': /^is missing/ }],
    [
      'an attribute too many',
      { ...correction, subject: { user: 'u1', grade: '3' } },
      { 'subject.grade': 'is not counted by this rule' },
    ],
  ])('%s', async (_what, body, errors) => {
    await expectRefused('put', '/admin/subjects/usage', body, errors);
  });

  it('a rule that is not there, with 404', async () => {
    const asked = service.api.put('/admin/subjects/usage').send({ ...correction, rule: 'none' });
    const { status, body } = await asked;
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'rule-not-found' });
  });
});
