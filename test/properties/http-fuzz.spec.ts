import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RunningService } from '../support/running-service.js';
import { runs } from '../support/runs.js';

const RUNS = runs({ inTest: 120, inCampaign: 300 });

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

/** Values that near misses are made of: right names and wrong values, right values under wrong names. */
const name = fc.oneof(
  fc.constantFrom(
    'resource',
    'subject',
    'amount',
    'operationId',
    'checks',
    'user',
    'grade',
    '__proto__',
    'constructor',
    'toString',
    '',
  ),
  fc.constantFrom(
    'id',
    'per',
    'timeZone',
    'limits',
    'mode',
    'degrade',
    'description',
    'onDeny',
    'window',
    'max',
    'code',
    'params',
  ),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
const value = fc.oneof(
  fc.constantFrom(
    'ocr',
    'llm',
    'day',
    'hour',
    'enforce',
    'off',
    'local',
    'UTC',
    'Asia/Shanghai',
    'u1',
    '{}',
    '\ud800',
    '\u0000',
    '',
  ),
  fc.constantFrom<unknown>(0, -0, 1, -1, 1.5, 2 ** 53, -(2 ** 53), 1e308, Number.MIN_VALUE, true, null),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.jsonValue({ maxDepth: 6 }),
);
const body = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    value,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(name, tie('node'), { maxKeys: 8 }),
  ),
})).node;

interface Answer {
  readonly status: number;
  readonly body: { readonly status?: number; readonly errors?: readonly unknown[] };
}

/** Nothing that a caller sends is the service's fault, and every 400 says what is wrong. */
function expectUnbroken({ status, body: answer }: Answer): void {
  expect(status).toBeLessThan(500);
  if (status >= 400) expect(answer.status).toBe(status);
  if (status === 400) expect(answer.errors?.length).toBeGreaterThan(0);
}

describe('no input makes the service answer 5xx', () => {
  it.each([
    ['post', '/check'],
    ['post', '/check/batch'],
    ['post', '/reports'],
    ['post', '/admin/rules'],
    ['put', '/admin/rules/llm-per-user'],
    ['patch', '/admin/rules/llm-per-user'],
  ] as const)('JSON to %s %s', async (method, path) => {
    await fc.assert(
      fc.asyncProperty(body, async (json) => {
        expectUnbroken(await service.api[method](path).type('json').send(JSON.stringify(json)));
      }),
      { numRuns: RUNS },
    );
  });

  it('a check that is almost right', async () => {
    const check = fc.record(
      {
        resource: fc.oneof(fc.constant('ocr'), value),
        subject: fc.oneof(fc.dictionary(name, value), value),
        amount: value,
        operationId: value,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(check, fc.array(check, { maxLength: 5 }), async (one, many) => {
        expectUnbroken(await service.api.post('/check').type('json').send(JSON.stringify(one)));
        expectUnbroken(
          await service.api
            .post('/check/batch')
            .type('json')
            .send(JSON.stringify({ checks: many })),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('a report that is almost right', async () => {
    const almost = (right: unknown) =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: value });
    const report = fc.record(
      {
        operationId: almost('fuzzed'),
        resource: almost('ocr'),
        subject: fc.oneof(almost({ user: 'fuzzed' }), fc.dictionary(name, value)),
        amount: almost(0),
        amounts: fc.dictionary(name, value),
        decidedAt: fc.oneof(almost('2026-11-18T14:28:57+08:00'), fc.date().map(String), fc.string()),
        allowed: almost(true),
        policy: almost('allow'),
        attempted: almost(false),
      },
      { requiredKeys: ['operationId', 'resource', 'subject', 'decidedAt', 'allowed', 'policy', 'attempted'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(report, { maxLength: 5 }), async (reports) => {
        expectUnbroken(await service.api.post('/reports').type('json').send(JSON.stringify({ reports })));
      }),
      { numRuns: RUNS },
    );
  });

  it('a rule that is almost right', async () => {
    const almost = (right: unknown) =>
      fc.oneof({ weight: 4, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: body });
    const rule = fc.record(
      {
        id: almost('fuzzed'),
        resource: almost('fuzzed'),
        per: almost(['user']),
        timeZone: almost('Asia/Kathmandu'),
        limits: fc.oneof(
          almost([{ window: 'day', max: 5 }]),
          fc.array(fc.record({ window: almost('week'), max: value })),
        ),
        mode: almost('observe'),
        degrade: almost('allow'),
        onDeny: almost({ code: 'X' }),
      },
      { requiredKeys: ['id', 'resource', 'per', 'limits'] },
    );
    await fc.assert(
      fc.asyncProperty(rule, async (json) => {
        expectUnbroken(await service.api.post('/admin/rules').type('json').send(JSON.stringify(json)));
        expectUnbroken(
          await service.api.post('/check').send({ resource: 'fuzzed', subject: { user: 'u1' } }),
        );
        expectUnbroken(await service.api.delete('/admin/rules/fuzzed'));
      }),
      { numRuns: RUNS },
    );
  });

  it('text that is no JSON, and bytes that are no text', async () => {
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => json.slice(0, -1)),
    );
    await fc.assert(
      fc.asyncProperty(text, async (bytes) => {
        expectUnbroken(await service.api.post('/check').set('content-type', 'application/json').send(bytes));
      }),
      { numRuns: RUNS },
    );
  });

  it('any query', async () => {
    const part = fc
      .oneof(
        name,
        fc.string({ unit: 'binary' }),
        fc.constantFrom('%', '%zz', '%ff', '&', '=', '+', '[]', 'a[b]'),
      )
      .map(encodeOdd);
    const query = fc.array(
      fc.tuple(part, part).map(([left, right]) => `${left}=${right}`),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(query, async (parts) =>
        expectUnbroken(await service.api.get(`/usage?${['resource=ocr', ...parts].join('&')}`)),
      ),
      { numRuns: RUNS },
    );
  });

  it('any path and precondition', async () => {
    const id = fc.string({ unit: 'binary', maxLength: 140 }).map(encodeOdd);
    const tag = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('*', '"1"', 'W/"1"', '"1", "2"', '""', '",'),
    );
    await fc.assert(
      fc.asyncProperty(id, tag, async (path, header) => {
        const printable = header.replace(/[^\x20-\x7e]/g, '');
        expectUnbroken(await service.api.get(`/admin/rules/${path}`).set('if-none-match', printable));
        expectUnbroken(await service.api.delete(`/admin/rules/no${path}`).set('if-match', printable));
      }),
      { numRuns: RUNS },
    );
  });

  it('and after all of it, it still decides', async () => {
    expect(
      (await service.api.post('/check').send({ resource: 'ocr', subject: { user: 'after' } })).body,
    ).toMatchObject({ reason: 'ok' });
  });
});

/** Percent-encodes what no address can hold, and leaves broken escapes as they are. */
function encodeOdd(text: string): string {
  return text.replace(/[^\w%&=+.~-]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x80
      ? `%${code.toString(16).padStart(2, '0')}`
      : Buffer.from(character)
          .toString('latin1')
          .replace(/[^]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  });
}
