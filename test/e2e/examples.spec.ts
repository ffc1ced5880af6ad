import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QuotaClient } from '@sundial/client';
import supertest from 'supertest';
import { parse } from 'yaml';
import { createApp as expressApp } from '../../examples/express-app/src/app.js';
import { createApp as fastifyApp } from '../../examples/fastify-plugin/src/app.js';
import { answer, type Chunk, OutOfTokens } from '../../examples/llm-stream/src/answer.js';
import type { RecognitionJob } from '../../examples/worker/src/job.js';
import { recognitions } from '../../examples/worker/src/processor.js';
import { freePort } from '../support/free-port.js';
import { RunningService } from '../support/running-service.js';

/** Each has its rules in a file beside it; one service has them all. */
const EXAMPLES = ['express-app', 'fastify-plugin', 'worker', 'llm-stream'];

let service: RunningService;
let quota: QuotaClient;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  service = await RunningService.start();
  for (const example of EXAMPLES) {
    const file = new URL(`../../examples/${example}/rules.yaml`, import.meta.url);
    const { rules } = parse(await readFile(file, 'utf8')) as { rules: { id: string }[] };
    for (const rule of rules) {
      expect((await service.api.put(`/admin/rules/${rule.id}`).send(rule)).status).toBe(201);
    }
  }
  quota = clientOf(service.url);
});
afterAll(async () => {
  await quota?.close();
  await service?.stop();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Patient, since a busy machine is no outage. */
function clientOf(url: string): QuotaClient {
  return new QuotaClient({ url, deadlineMs: 2_000 });
}

async function withoutService(): Promise<QuotaClient> {
  const client = clientOf(`http://127.0.0.1:${await freePort()}`);
  stops.push(() => client.close({ timeoutMs: 0 }));
  return client;
}

async function used(resource: string, subject: Record<string, string>): Promise<Record<string, number>> {
  const { limits } = await quota.usage({ resource, subject });
  return Object.fromEntries(
    limits.map(({ meter, window, used: units }) => [`${meter}/${String(window)}`, units]),
  );
}

describe('the Express example', () => {
  async function served(by: QuotaClient): Promise<ReturnType<typeof supertest>> {
    const server: Server = createServer(expressApp(by));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    stops.push(() => server.close());
    return supertest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  const translate = (api: ReturnType<typeof supertest>, user: string, key?: string) => {
    const asked = api.post('/translations').set('x-user', user).send({ text: 'abc' });
    return key === undefined ? asked : asked.set('idempotency-key', key);
  };

  it('translates three times a day, then says what the rule wants to happen, and when to come back', async () => {
    const api = await served(quota);
    for (let n = 0; n < 3; n += 1) {
      expect(await translate(api, 'x1')).toMatchObject({ status: 201, body: { translated: 'cba' } });
    }
    const refused = await translate(api, 'x1');
    expect([refused.status, refused.body]).toEqual([
      429,
      {
        reason: 'limit-reached',
        code: 'TRANSLATION_LIMIT',
        message: "Today's free translations are used up",
        action: 'become-vip',
      },
    ]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('counts a repeated request once, and nothing that its own checks refuse', async () => {
    const api = await served(quota);
    expect((await translate(api, 'x2', 'k1')).status).toBe(201);
    expect((await translate(api, 'x2', 'k1')).status).toBe(201);
    expect((await api.post('/translations').send({ text: 'abc' })).status).toBe(401);
    expect(await used('translation', { user: 'x2' })).toEqual({ 'units/day': 1 });
  });

  it('goes on without the service', async () => {
    const api = await served(await withoutService());
    for (let n = 0; n < 5; n += 1) expect((await translate(api, 'x3')).status).toBe(201);
  });
});

describe('the Fastify example', () => {
  async function started(by: QuotaClient): Promise<{ app: FastifyInstance; score: Score }> {
    const app = await fastifyApp(by);
    stops.push(() => app.close());
    const api = supertest(await app.listen({ port: 0, host: '127.0.0.1' }));
    const score: Score = (user, body) => api.post('/scores').set('x-user', user).send(body);
    return { app, score };
  }
  type Score = (user: string, body: object) => ReturnType<ReturnType<typeof supertest>['post']>;

  it('counts recordings and their seconds together, and shows what is left', async () => {
    const { score } = await started(quota);
    expect(await score('f1', { grade: '3', seconds: 60 })).toMatchObject({
      status: 200,
      body: {
        left: [
          { meter: 'units', remaining: 1 },
          { meter: 'seconds', remaining: 30 },
        ],
      },
    });
    const refused = await score('f1', { grade: '3', seconds: 31 });
    expect([refused.status, refused.body]).toEqual([
      429,
      { reason: 'limit-reached', code: 'SPEECH_LIMIT', action: 'offer-trial-lesson' },
    ]);
    expect(await used('speech', { user: 'f1', grade: '3' })).toEqual({ 'units/day': 1, 'seconds/day': 60 });
  });

  it('counts nothing that its schema refuses, and gives other plug-ins the quota', async () => {
    const { app, score } = await started(quota);
    expect((await score('f2', { grade: '3', seconds: 0 })).status).toBe(400);
    expect(await used('speech', { user: 'f2', grade: '3' })).toEqual({ 'units/day': 0, 'seconds/day': 0 });
    expect(app.getDecorator('quota')).toBe(quota);
  });

  it('goes on without the service', async () => {
    const { score } = await started(await withoutService());
    for (let n = 0; n < 4; n += 1) expect((await score('f3', { grade: '3', seconds: 60 })).status).toBe(200);
  });
});

describe('the worker example', () => {
  const job = (id: string, account: string, moved: number[] = []): RecognitionJob => ({
    id,
    data: { account, imageUrl: `${id}.png` },
    moveToDelayed: async (at, token) => {
      expect(token).toBe('lock');
      moved.push(at);
    },
  });
  const recognise = async (imageUrl: string) => `text of ${imageUrl}`;

  it('counts a job once, however often the queue brings it', async () => {
    const run = recognitions(quota, recognise);
    expect([await run(job('w1', 'a1'), 'lock'), await run(job('w1', 'a1'), 'lock')]).toEqual(
      Array(2).fill('text of w1.png'),
    );
    expect(await used('recognition', { account: 'a1' })).toEqual({ 'units/hour': 1 });
  });

  it('gives back what a failed try has held, so that the next one finds room', async () => {
    let tries = 0;
    const run = recognitions(quota, async () => {
      tries += 1;
      if (tries === 1) throw new Error('the recognizer is away');
      return 'text';
    });
    await expect(run(job('w2', 'a2'), 'lock')).rejects.toThrow('the recognizer is away');
    const { limits } = await quota.usage({ resource: 'recognition', subject: { account: 'a2' } });
    expect(limits).toMatchObject([{ used: 0, reserved: 0 }]);
    expect(await run(job('w2', 'a2'), 'lock')).toBe('text');
    expect(await used('recognition', { account: 'a2' })).toEqual({ 'units/hour': 1 });
  });

  it('puts a refused job back until its account has room, as BullMQ wants it', async () => {
    const run = recognitions(quota, recognise);
    const moved: number[] = [];
    await run(job('w3', 'a3'), 'lock');
    await run(job('w4', 'a3'), 'lock');
    await expect(run(job('w5', 'a3', moved), 'lock')).rejects.toMatchObject({ name: 'DelayedError' });
    expect(moved).toHaveLength(1);
    expect(moved[0]).toBeGreaterThan(Date.now() + 60_000);
  });

  it('goes on without the service, and keeps what it did', async () => {
    const client = await withoutService();
    const run = recognitions(client, recognise);
    expect(await run(job('w6', 'a4'), 'lock')).toBe('text of w6.png');
    expect([...client.affected()]).toMatchObject([
      { operationId: 'recognition:w6', allowed: true, outcome: null },
    ]);
  });
});

describe('the LLM example', () => {
  /** Chunks of 50 tokens. */
  async function* saying(chunks: number, failsAt = Infinity): AsyncGenerator<Chunk> {
    for (let n = 0; n < chunks; n += 1) {
      if (n === failsAt) throw new Error('the model is away');
      yield { text: `${n} `, tokens: 50 };
    }
  }
  async function read(stream: AsyncIterable<string>, until = Infinity): Promise<string> {
    let text = '';
    let count = 0;
    for await (const chunk of stream) {
      text += chunk;
      count += 1;
      if (count === until) break;
    }
    return text;
  }
  const ask = (user: string, chunks: number, failsAt?: number, by = quota) =>
    answer(by, () => saying(chunks, failsAt), { user, prompt: 'Say something.' });

  it('pays for the tokens that were used, more than were held at first', async () => {
    expect(await read(ask('l1', 9))).toBe('0 1 2 3 4 5 6 7 8 ');
    expect(await used('chat', { user: 'l1' })).toMatchObject({ 'tokens/day': 450 });
  });

  it('pays for what was used when the reader leaves, or the model fails', async () => {
    await read(ask('l2', 9), 2);
    expect(await used('chat', { user: 'l2' })).toMatchObject({ 'tokens/day': 100 });
    await expect(read(ask('l2', 9, 3))).rejects.toThrow('the model is away');
    expect(await used('chat', { user: 'l2' })).toMatchObject({ 'tokens/day': 250 });
    await expect(read(ask('l2', 9, 0))).rejects.toThrow('the model is away');
    expect(await used('chat', { user: 'l2' })).toMatchObject({ 'tokens/day': 250 });
  });

  it('ends early where the tokens do, and begins no answer without any', async () => {
    const [text, error] = await collect(ask('l3', 50));
    expect([text.split(' ').length - 1, error]).toEqual([20, expect.any(OutOfTokens)]);
    expect(await used('chat', { user: 'l3' })).toMatchObject({ 'tokens/day': 1_000 });
    const [nothing, refusal] = await collect(ask('l3', 1));
    expect([nothing, (refusal as OutOfTokens).decision.onDeny?.action]).toEqual(['', 'wait-or-upgrade']);
  });

  it('holds two answers of a user at once, and no third', async () => {
    const open = [ask('l4', 9), ask('l4', 9)];
    await Promise.all(open.map((stream) => stream.next()));
    await expect(ask('l4', 9).next()).rejects.toThrow(OutOfTokens);
    await Promise.all(open.map((stream) => stream.return()));
    expect(await read(ask('l4', 1))).toBe('0 ');
  });

  it('goes on without the service, and reports what was used', async () => {
    const client = await withoutService();
    expect(await read(ask('l5', 3, undefined, client))).toBe('0 1 2 ');
    expect([...client.affected()]).toMatchObject([{ resource: 'chat', amounts: { tokens: 150 } }]);
  });

  async function collect(stream: AsyncIterable<string>): Promise<[string, unknown]> {
    let text = '';
    try {
      for await (const chunk of stream) text += chunk;
      return [text, undefined];
    } catch (error) {
      return [text, error];
    }
  }
});
