import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INPUT_SENTENCES } from '@sundial/contract';
import { RunningService } from '../support/running-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

const RULE = { id: 'r1', resource: 'x', per: ['user'], limits: [{ window: 'day', max: 1 }] };
const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as object;

const VALIDATION_ERRORS: [string, object, string][] = [
  ['an id with a slash', { id: 'a/b' }, 'id'],
  ['an id that is a number', { id: 1 }, 'id'],
  ['no resource', { resource: undefined }, 'resource'],
  ['an attribute with a capital', { per: ['User'] }, 'per'],
  ['an attribute twice', { per: ['user', 'user'] }, 'per'],
  ['nine attributes', { per: [...'abcdefghi'] }, 'per'],
  ['attributes that are no list', { per: 'user' }, 'per'],
  ['an unknown time zone', { timeZone: 'Mars/Olympus' }, 'timeZone'],
  ['a time zone that is null', { timeZone: null }, 'timeZone'],
  ['no limits', { limits: [] }, 'limits'],
  [
    'two limits of one window',
    {
      limits: [
        { window: 'day', max: 1 },
        { window: 'day', max: 2 },
      ],
    },
    'limits',
  ],
  ['an unknown window', { limits: [{ window: 'fortnight', max: 1 }] }, 'limits.0.window'],
  ['every of days', { limits: [{ window: { unit: 'day', every: 2 }, max: 1 }] }, 'limits.0.window.every'],
  ['60 minutes', { limits: [{ window: { unit: 'minute', every: 60 }, max: 1 }] }, 'limits.0.window.every'],
  ['24 hours', { limits: [{ window: { unit: 'hour', every: 24 }, max: 1 }] }, 'limits.0.window.every'],
  [
    'a time that no clock shows',
    { limits: [{ window: { unit: 'day', startsAt: '24:00' }, max: 1 }] },
    'limits.0.window.startsAt',
  ],
  [
    'a weekday that no week has',
    { limits: [{ window: { unit: 'week', startsOn: 'someday' }, max: 1 }] },
    'limits.0.window.startsOn',
  ],
  [
    'a day that no month has',
    { limits: [{ window: { unit: 'month', startsOn: 32 }, max: 1 }] },
    'limits.0.window.startsOn',
  ],
  [
    'a day that no year has',
    { limits: [{ window: { unit: 'year', startsOn: '02-30' }, max: 1 }] },
    'limits.0.window.startsOn',
  ],
  [
    'an unknown field of a window',
    { limits: [{ window: { unit: 'day', endsAt: '04:00' }, max: 1 }] },
    'limits.0.window.endsAt',
  ],
  [
    'tokens of what runs at once',
    { limits: [{ window: 'concurrent', meter: 'tokens', max: 1 }] },
    'limits.0.meter',
  ],
  ['a bad meter name', { limits: [{ window: 'day', meter: 'to kens', max: 1 }] }, 'limits.0.meter'],
  [
    'two limits of one window and meter',
    {
      limits: [
        { window: 'day', meter: 'tokens', max: 1 },
        { window: { unit: 'day' }, meter: 'tokens', max: 2 },
      ],
    },
    'limits',
  ],
  [
    'seventeen limits',
    { limits: [...'abcdefghijklmnopq'].map((meter) => ({ window: 'day', meter, max: 1 })) },
    'limits',
  ],
  ['a negative max', { limits: [{ window: 'day', max: -1 }] }, 'limits.0.max'],
  ['a fractional max', { limits: [{ window: 'day', max: 1.5 }] }, 'limits.0.max'],
  ['a max as a text', { limits: [{ window: 'day', max: '5' }] }, 'limits.0.max'],
  ['a max above 2^53 − 1', { limits: [{ window: 'day', max: 2 ** 53 }] }, 'limits.0.max'],
  ['an unknown field of a limit', { limits: [{ window: 'day', max: 1, burst: 2 }] }, 'limits.0.burst'],
  ['an unknown mode', { mode: 'shadow' }, 'mode'],
  ['an unknown policy', { degrade: 'pass' }, 'degrade'],
  ['a description that is too long', { description: 'x'.repeat(1025) }, 'description'],
  ['onDeny without a code', { onDeny: { message: 'no' } }, 'onDeny.code'],
  ['onDeny nested too deep', { onDeny: { code: 'X', params: nested(20) } }, 'onDeny'],
  ['an unknown field', { limit: 3 }, 'limit'],
];

async function expectRefused(
  answer: { status: number; body: { code: string; errors: { path: string; code?: string }[] } },
  path: string,
) {
  expect(answer.status).toBe(400);
  expect(answer.body.code).toBe('invalid-rule');
  expect(answer.body.errors.map((error) => error.path)).toContain(path);
  // Readers of other languages have the sentence by its code.
  for (const { code } of answer.body.errors) expect(INPUT_SENTENCES).toHaveProperty([code!]);
  expect((await service.api.get('/admin/rules')).body.version).toBe(1);
}

describe('a rule is refused, and none is changed, for', () => {
  it.each(VALIDATION_ERRORS)('%s', async (_what, change, path) => {
    await expectRefused(await service.api.post('/admin/rules').send({ ...RULE, ...change }), path);
  });

  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"rule"'],
  ])('%s as the body', async (_what, text) => {
    await expectRefused(await service.api.post('/admin/rules').type('json').send(text), '');
  });

  it('several errors at once, all of them named', async () => {
    const { body } = await service.api
      .post('/admin/rules')
      .send({ ...RULE, mode: 'x', degrade: 'y', timeZone: 'z' });
    expect(body.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      'degrade',
      'mode',
      'timeZone',
    ]);
  });

  it('10,000 objects in each other', async () => {
    const params = `${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`;
    const text = JSON.stringify({ ...RULE, onDeny: { code: 'X' } }).replace('"X"', `"X","params":${params}`);
    const { status, body } = await service.api.post('/admin/rules').type('json').send(text);
    expect(status).toBe(400);
    expect(body.code).toBe('invalid-json');
  });

  it("__proto__ in the caller's own parameters", async () => {
    const text = JSON.stringify({ ...RULE, onDeny: { code: 'X' } }).replace(
      '"X"',
      '"X","params":{"__proto__":{"a":1}}',
    );
    expect((await service.api.post('/admin/rules').type('json').send(text)).status).toBe(400);
  });
});

describe('a change is refused, and nothing is changed, for', () => {
  it('another id in the body than in the path', async () => {
    await expectRefused(await service.api.put('/admin/rules/ocr-per-user').send(RULE), 'id');
    await expectRefused(await service.api.patch('/admin/rules/ocr-per-user').send({ id: 'r1' }), 'id');
  });

  const patches = VALIDATION_ERRORS.filter(([what]) => !/^an id|null$|nested/.test(what));
  it.each(patches)('a patch with %s', async (_what, change, path) => {
    const patch = Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value ?? null]));
    await expectRefused(await service.api.patch('/admin/rules/speech-scoring-per-pupil').send(patch), path);
  });

  it('a patch that is no object', async () => {
    await expectRefused(await service.api.patch('/admin/rules/ocr-per-user').type('json').send('[]'), '');
  });
});
