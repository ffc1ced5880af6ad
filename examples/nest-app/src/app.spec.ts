import { type DynamicModule, Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type QuotaSettings, RULES, type RuleAdmin } from '@sundial/nest';
import { fileURLToPath } from 'node:url';
import type { Response } from 'supertest';
import { freePort } from '../../../test/support/free-port.js';
import { middleOfAnHourOffsetMs } from '../../../test/support/middle-of-an-hour.js';
import {
  closeNestApplications,
  request,
  startNestApplication,
} from '../../../test/support/nest-application.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { RunningService } from '../../../test/support/running-service.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { AppModule } from './app.module.js';
import { inProcess, remote } from './quota.js';

const RULES_FILE = fileURLToPath(new URL('../rules.yaml', import.meta.url));
const OCR_LIMIT = {
  code: 'OCR_LIMIT',
  message: 'The free recognitions of this period are used up',
  action: 'recharge-vip',
};

const clockOffsetMs = middleOfAnHourOffsetMs();
const stops: (() => Promise<unknown>)[] = [];

beforeAll(() => Logger.overrideLogger(false));

afterEach(async () => {
  await closeNestApplications();
  for (const stop of stops.splice(0)) await stop();
});

/** The application as `main.ts` starts it. */
function start(quota: DynamicModule): Promise<NestFastifyApplication> {
  return startNestApplication({ imports: [AppModule.with(quota)] });
}

/** With Sundial inside, in a directory of its own, and no window that ends during a test. */
async function startWithSundial(settings: Partial<QuotaSettings> = {}): Promise<NestFastifyApplication> {
  const directory = await temporaryDirectory();
  stops.push(() => directory.remove());
  return start(inProcess({ directory: directory.path, clockOffsetMs, ...settings }));
}

async function ocr(app: NestFastifyApplication, user = 'u1'): Promise<Response> {
  return request(app).post('/ocr').set('x-user', user).send({ imageUrl: 'a.png' });
}

async function statuses(times: number, call: () => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let n = 0; n < times; n += 1) seen.push((await call()).status);
  return seen;
}

describe('the example with Sundial inside', () => {
  it('recognizes three pictures an hour, then answers 429 with what the rule wants to happen', async () => {
    const app = await startWithSundial();
    const first = await ocr(app);
    expect([first.status, first.body]).toEqual([201, { imageUrl: 'a.png', text: 'The homework of u1' }]);
    expect(await statuses(2, () => ocr(app))).toEqual([201, 201]);
    const denied = await ocr(app);
    expect(denied.status).toBe(429);
    expect(denied.body).toMatchObject({
      code: 'risk-limit-exceeded',
      resource: 'ocr',
      reason: 'limit-reached',
      onDeny: OCR_LIMIT,
    });
    expect(Number(denied.headers['retry-after'])).toBeGreaterThan(1_700);
    expect(Number(denied.headers['retry-after'])).toBeLessThanOrEqual(1_800);
    expect((await ocr(app, 'u2')).status).toBe(201);
  });

  it('counts nothing of what its guard turns away', async () => {
    const app = await startWithSundial();
    expect(await statuses(5, async () => request(app).post('/ocr').send({ imageUrl: 'a.png' }))).toEqual(
      Array(5).fill(401),
    );
    expect((await ocr(app)).status).toBe(201);
  });

  it('obeys a changed rule from the next call on, with what was counted', async () => {
    const app = await startWithSundial();
    const rules = app.get<RuleAdmin>(RULES);
    const change = (max: number) => rules.patch('ocr-per-user', { limits: [{ window: 'hour', max }] });
    expect(await statuses(4, () => ocr(app))).toEqual([201, 201, 201, 429]);
    await change(4);
    expect(await statuses(2, () => ocr(app))).toEqual([201, 429]);
    await change(0);
    expect((await ocr(app, 'u2')).status).toBe(429);
  });

  it('offers something else instead of an error where the method says so, counted per user and grade', async () => {
    const app = await startWithSundial();
    const score = (grade: number) =>
      request(app).post('/speech').set('x-user', 'u1').send({ grade, recording: 'hello.wav' });
    const scored = [await score(3), await score(3)];
    expect(scored.map(({ body }) => body as unknown)).toEqual(Array(2).fill({ score: expect.any(Number) }));
    const denied = await score(3);
    expect([denied.status, denied.body]).toEqual([
      200,
      { offer: { code: 'SPEECH_LIMIT', action: 'offer-trial-lesson', params: { lessons: 1 } } },
    ]);
    expect((await score(4)).body).toEqual({ score: expect.any(Number) });
  });

  it('limits a route as it limits a service', async () => {
    const app = await startWithSundial();
    const csv = async () => request(app).get('/export').set('x-user', 'u1');
    const first = await csv();
    expect([first.status, first.headers['content-type'], first.text]).toEqual([
      200,
      'text/csv',
      'user,recognitions\nu1,3\n',
    ]);
    expect((await csv()).status).toBe(429);
  });
});

describe('the example on a Redis that dies', () => {
  it('goes on, and keeps to the limit as this node knew it', async () => {
    const redis = await RedisProcess.start();
    stops.push(() => redis.stop());
    const app = await startWithSundial({ redis: { url: redis.url } });
    expect((await ocr(app)).status).toBe(201);
    await redis.kill();
    expect(await statuses(4, () => ocr(app))).toEqual([201, 201, 429, 429]);
  });
});

describe('the example with a Sundial service', () => {
  async function startService(): Promise<{ service: RunningService; url: string }> {
    const env = { SUNDIAL_RULES_FILE: RULES_FILE, SUNDIAL_CLOCK_OFFSET_MS: String(clockOffsetMs) };
    const service = await RunningService.start({
      ...env,
      SUNDIAL_ADMIN_KEYS: 'root',
      SUNDIAL_CHECK_KEYS: 'app',
    });
    stops.push(() => service.stop());
    return { service, url: `http://127.0.0.1:${service.port}` };
  }

  it('shares one count with the other processes that ask it', async () => {
    const { url } = await startService();
    const one = await start(remote(url, 'app'));
    const other = await start(remote(url, 'app'));
    expect(await statuses(2, () => ocr(one))).toEqual([201, 201]);
    expect(await statuses(2, () => ocr(other))).toEqual([201, 429]);
    expect((await ocr(one)).body).toMatchObject({ code: 'risk-limit-exceeded', onDeny: OCR_LIMIT });
  });

  it('obeys a rule changed there from the next call on', async () => {
    const { service, url } = await startService();
    const app = await start(remote(url, 'app'));
    expect(await statuses(4, () => ocr(app))).toEqual([201, 201, 201, 429]);
    const limits = [{ window: 'hour', max: 5 }];
    const changed = await service.api
      .patch('/admin/rules/ocr-per-user')
      .auth('root', { type: 'bearer' })
      .send({ limits });
    expect(changed.status).toBe(200);
    expect(await statuses(3, () => ocr(app))).toEqual([201, 201, 429]);
  });

  it('goes on without it, but for what costs too much', async () => {
    const app = await start(remote(`http://127.0.0.1:${await freePort()}`));
    expect(await statuses(5, () => ocr(app))).toEqual(Array(5).fill(201));
    const paused = await request(app).get('/export').set('x-user', 'u1');
    expect([paused.status, (paused.body as { message: string }).message]).toEqual([
      503,
      'Exports are paused. Try again in a minute.',
    ]);
  });
});
