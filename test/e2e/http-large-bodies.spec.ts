import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_BATCH_BODY_BYTES } from '../../apps/quota-service/src/http/bounds.js';
import { CpuSteal } from '../support/cpu-steal.js';
import { RunningService } from '../support/running-service.js';

/** No body that fits may keep the event loop, and so all other callers, from its work for longer. */
const MAX_STALL_MS = 20;
/** The first try that is good ends them. */
const TRIES = 40;
const MIB = 1024 * 1024;
const TICK_MS = 10;

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(() => service.stop());

const fields = (count: number, value: string) =>
  Array.from({ length: count }, (_, i) => `"k${i.toString(36)}":${value}`).join();
const check = (more: string) => `{"resource":"ocr","subject":{"user":"u1"}${more}}`;

const BATCHES: Readonly<Record<string, string>> = {
  '95,000 unknown fields': `{"checks":[],${fields(95_000, '1')}}`,
  '90,000 attributes of one subject': `{"checks":[{"resource":"ocr","subject":{${fields(90_000, '""')}}}]}`,
  '1,000 checks with 100 unknown fields each': `{"checks":[${Array(1000)
    .fill(check(`,${fields(100, '1')}`))
    .join()}]}`,
  '1,000 checks with many bad attributes': `{"checks":[${Array(1000)
    .fill(`{"resource":"","subject":{${fields(30, '1')}}}`)
    .join()}]}`,
  '32 checks with 1,000 other unknown fields each': `{"checks":[${Array.from({ length: 32 }, (_, i) =>
    check(`,${fields(1_000, '1').replaceAll('"k', `"${i}-`)}`),
  ).join()}]}`,
};

/** Of one size each: of 1 MiB, which is parsed at once, and of all that a batch may have, which is parsed little by little. */
const FILLED: Readonly<Record<string, readonly [head: string, unit: string, tail: string]>> = {
  'a wide list': ['{"checks":[', '1,', '1]}'],
  'a list of empty objects': ['{"checks":[', '{},', '{}]}'],
  'lists in lists, ten deep': ['{"checks":[', '[[[[[[[[[[]]]]]]]]]],', '1]}'],
  'nothing but opening brackets': ['', '[', ''],
  'nothing but quotes': ['', '"', ''],
  'a string of escapes': ['{"checks":[{"resource":"', '\\u0041', '"}]}'],
  'one long value': ['{"checks":[{"resource":"ocr","subject":{"user":"', 'x', '"}}]}'],
  'one long operation id': [
    '{"checks":[{"resource":"ocr","subject":{"user":"u"},"operationId":"',
    'x',
    '"}]}',
  ],
  'a long number': ['{"checks":', '9', '}'],
  spaces: ['{"checks":', ' ', '1}'],
};

function filled(bytes: number) {
  return Object.entries(FILLED).map(([what, [head, unit, tail]]) => {
    const body = head + unit.repeat(Math.floor((bytes - head.length - tail.length) / unit.length)) + tail;
    return ['post', '/check/batch', `${bytes / MIB} MiB: ${what}`, body] as const;
  });
}

const SMALL = 32_000;
const RULE = '"id":"a","resource":"ocr","per":["user"],"limits":[{"window":"day","max":1}]';
const REQUESTS: readonly (readonly [
  method: 'post' | 'put' | 'patch',
  path: string,
  what: string,
  body: string,
])[] = [
  ...Object.entries(BATCHES).map(([what, body]) => ['post', '/check/batch', what, body] as const),
  ...filled(MIB),
  ...filled(MAX_BATCH_BODY_BYTES),
  ['post', '/check', 'unknown fields', check(`,${fields(3_500, '1')}`)],
  ['post', '/check', 'attributes', `{"resource":"ocr","subject":{${fields(3_500, '1')}}}`],
  ['post', '/admin/rules', 'unknown fields', `{${RULE},${fields(3_500, '1')}}`],
  ['post', '/admin/rules', 'a long per', `{"id":"a","per":[${'"A",'.repeat(SMALL / 4 - 20)}"A"]}`],
  ['post', '/admin/rules', 'many limits', `{"id":"a","limits":[${'{},'.repeat(SMALL / 3 - 20)}{}]}`],
  ['post', '/admin/rules', 'an odd onDeny', `{${RULE},"onDeny":{${fields(3_400, '[]')}}}`],
  ['put', '/admin/rules/ocr-per-user', 'unknown fields', `{${fields(3_500, '1')}}`],
  ['patch', '/admin/rules/ocr-per-user', 'unknown fields', `{${fields(3_500, '1')}}`],
];

async function send(method: string, path: string, body: Buffer) {
  const answer = await fetch(service.url + path, {
    method: method.toUpperCase(),
    headers: { 'content-type': 'application/json' },
    body: new Uint8Array(body),
  });
  const text = await answer.text();
  const { errors = [] } = JSON.parse(text) as { errors?: unknown[] };
  return { status: answer.status, bytes: text.length, errors: errors.length };
}

interface Stall {
  readonly ms: number;
  /** Without the time for which a busy machine kept the processor from this process. */
  readonly ownMs: number;
}

/** The longest pause of this process, client included, while a request is answered. */
async function stalled(run: () => Promise<unknown>): Promise<Stall> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const steal = CpuSteal.ofThisProcess();
  const from = performance.now();
  delay.enable();
  await run();
  delay.disable();
  // What is late after the last pause is noticed, too.
  await sleep(TICK_MS);
  steal.stop();
  const ms = delay.max / 1e6;
  return { ms, ownMs: ms - steal.longestWithin(from, performance.now()) };
}

/** Of one try more may be taken off than kept it waiting while it was stalled: half of the tries agree. */
function medianOf(stalls: readonly Stall[]): number {
  const sorted = stalls.map(({ ownMs }) => ownMs).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}

describe('a body that fits', () => {
  it.each(REQUESTS)(
    '%s %s with %s is refused in few words, and stalls no other caller',
    async (method, path, _what, body) => {
      expect(body.length).toBeLessThanOrEqual(path === '/check/batch' ? MAX_BATCH_BODY_BYTES : 32 * 1024);
      const bytes = Buffer.from(body);
      const stalls: Stall[] = [];
      for (let tries = 0; tries < TRIES && !stalls.some(({ ms }) => ms < MAX_STALL_MS); tries++) {
        stalls.push(
          await stalled(async () => {
            const answer = await send(method, path, bytes);
            // Of a part of a long one it is said how long it may be.
            expect([400, body.length > MIB ? 413 : 400]).toContain(answer.status);
            expect(answer.bytes).toBeLessThan(16_384);
            expect(answer.errors).toBeLessThanOrEqual(20);
          }),
        );
      }
      const best = Math.min(...stalls.map(({ ms }) => ms));
      expect(best < MAX_STALL_MS ? best : medianOf(stalls)).toBeLessThan(MAX_STALL_MS);
    },
  );

  it('says how many more errors there are, or where it stopped reading', async () => {
    const one = await service.api
      .post('/check')
      .type('json')
      .send(check(`,${fields(50, '1')}`));
    expect(one.body.errors).toHaveLength(20);
    expect(one.body.errors[19]).toMatchObject({ path: '', message: '… and 31 more' });
    const many = await service.api.post('/check/batch').send({ checks: Array(30).fill({ resource: 'ocr' }) });
    expect(many.body.errors).toHaveLength(20);
    expect(many.body.errors[19]).toMatchObject({
      path: 'checks',
      message: '… and more; reading stopped at checks.19',
    });
  });

  // 1,000 checks that are valid one by one, 2.2 MB, did not fit.
  it('is answered where it is a batch of all that checks may hold', async () => {
    const value = 'x'.repeat(256);
    const attributes = Object.fromEntries([...'abcdefg'].map((name) => [name, value]));
    const checks = Array.from({ length: 1_000 }, (_, i) => ({
      resource: 'ocr',
      subject: { user: `${i}`.padEnd(256, 'u'), ...attributes },
      amount: 1,
      operationId: `${i}`.padEnd(128, '-'),
    }));
    expect(JSON.stringify({ checks }).length).toBeGreaterThan(2_200_000);
    const { status, body } = await service.api.post('/check/batch').send({ checks });
    expect(status).toBe(200);
    expect(body.decisions.map(({ operationId }: { operationId: string }) => operationId)).toEqual(
      checks.map(({ operationId }) => operationId),
    );
  });

  it('of a query says no more either', async () => {
    const { status, text } = await service.api.get(`/usage?resource=ocr&${'a&'.repeat(7_000)}`);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(16_384);
  });
});
