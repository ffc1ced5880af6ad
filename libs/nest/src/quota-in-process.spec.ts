import {
  Controller,
  Get,
  Injectable,
  Logger,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
  Param,
} from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Decision, Quota, QuotaAlarm, RuleAdmin } from '@sundial/contract';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../test/support/eventually.js';
import { middleOfAnHourOffsetMs } from '../../../test/support/middle-of-an-hour.js';
import {
  closeNestApplications,
  request,
  startNestApplication,
} from '../../../test/support/nest-application.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { RunningService } from '../../../test/support/running-service.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.js';
import { QuotaHealthIndicator } from './quota-health.indicator.js';
import { QuotaModule } from './quota.module.js';
import type { QuotaInProcessOptions } from './quota.module.options.js';
import { InjectQuota, QUOTA } from './quota.token.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { InjectRules } from './rules.token.js';
import { Subject } from './subject.decorator.js';
import { FakeQuota } from './testing/index.js';

const RULE = {
  id: 'ocr-per-user',
  resource: 'ocr',
  per: ['user'],
  limits: [{ window: 'day', max: 3 }],
} as const;
const clockOffsetMs = middleOfAnHourOffsetMs();

@Controller()
class OcrController {
  constructor(
    @InjectRules() readonly rules: RuleAdmin,
    private readonly health: HealthCheckService,
    private readonly quota: QuotaHealthIndicator,
  ) {}

  @Get('ocr/:user')
  @RiskLimit({ resource: 'ocr' })
  async recognize(@Param('user') @Subject('user') user: string): Promise<string> {
    return `text of ${user}`;
  }

  @Get('health')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.quota.isHealthy()]);
  }

  @Get('dependencies')
  @HealthCheck()
  dependencies() {
    return this.health.check([() => this.quota.isHealthy('quota', { whenDegraded: 'down' })]);
  }
}

/** As a module of the application that counts something while the application closes. */
@Injectable()
class LastReport implements OnApplicationShutdown {
  decision: Decision | undefined;
  constructor(@InjectQuota() private readonly quota: Quota) {}

  async onApplicationShutdown(): Promise<void> {
    this.decision = await this.quota.check({ resource: 'ocr', subject: { user: 'the last one' } });
  }
}

@Module({ imports: [TerminusModule], controllers: [OcrController], providers: [LastReport] })
class OcrModule {}

let directory: TemporaryDirectory;
let redis: RedisProcess;
beforeAll(async () => {
  Logger.overrideLogger(false);
  redis = await RedisProcess.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  directory = await temporaryDirectory();
  await redis.cli('FLUSHALL');
});
afterEach(async () => {
  await closeNestApplications();
  await directory.remove();
});

/** A busy machine must not make these tests about degradation. */
const deadlineMs = 2_000;

function options(name: string, more: Partial<QuotaInProcessOptions> = {}): QuotaInProcessOptions {
  return { directory: join(directory.path, name), rules: [RULE], clockOffsetMs, deadlineMs, ...more };
}

function start(quota: QuotaInProcessOptions): Promise<NestFastifyApplication> {
  return startNestApplication({ imports: [QuotaModule.forRoot(quota), OcrModule] });
}

function onRedis(name: string, more: Partial<QuotaInProcessOptions> = {}): Promise<NestFastifyApplication> {
  return start(options(name, { redis: { url: redis.url }, ...more }));
}

const rulesOf = (app: NestFastifyApplication) => app.get(OcrController, { strict: false }).rules;

async function statuses(app: NestFastifyApplication, times: number): Promise<number[]> {
  const seen = [];
  for (let n = 0; n < times; n++) seen.push((await request(app).get('/ocr/u1')).status);
  return seen;
}

describe('QuotaModule that counts in the process', () => {
  it('needs a directory, and keeps there what it counted and which rules were made', async () => {
    const first = await start(options('data'));
    expect(await statuses(first, 4)).toEqual([200, 200, 200, 429]);
    await rulesOf(first).patch('ocr-per-user', { limits: [{ window: 'day', max: 4 }] });
    await first.close();
    const second = await start(options('data'));
    expect(await statuses(second, 2)).toEqual([200, 429]);
  });

  it('counts together with other applications on one Redis, and shares rules with them', async () => {
    const one = await onRedis('one');
    // The second as applications are configured.
    const configured: ModuleMetadata = {
      imports: [
        QuotaModule.forRootAsync({
          imports: [ConfigModule.forRoot({ load: [() => ({ redis: redis.url })], ignoreEnvFile: true })],
          inject: [ConfigService],
          useFactory: (config: ConfigService) =>
            options('two', { redis: { url: config.getOrThrow<string>('redis') } }),
        }),
        OcrModule,
      ],
    };
    const two = await startNestApplication(configured);
    expect([...(await statuses(one, 2)), ...(await statuses(two, 2))]).toEqual([200, 200, 200, 429]);
    await eventually(async () => (await request(one).get('/health')).body.info.sundial.nodes === 2);
    const { nodes } = await rulesOf(two).patch('ocr-per-user', { limits: [{ window: 'day', max: 4 }] });
    expect(nodes).toEqual({ live: 2, applied: 2 });
    expect(await statuses(one, 2)).toEqual([200, 429]);
  });

  it('obeys a rule that is changed at a service on the same Redis', async () => {
    const app = await onRedis('app');
    const service = await RunningService.start({
      REDIS_URL: redis.url,
      SUNDIAL_CLOCK_OFFSET_MS: String(clockOffsetMs),
    });
    try {
      expect(await statuses(app, 1)).toEqual([200]);
      const limits = [{ window: 'day', max: 1 }];
      const changed = await service.api.patch('/admin/rules/ocr-per-user').send({ limits });
      expect(changed.body.nodes).toEqual({ live: 2, applied: 2 });
      expect(await statuses(app, 1)).toEqual([429]);
      const usage = await service.api.get('/usage?resource=ocr&user=u1');
      expect(usage.body.limits[0].used).toBe(1);
    } finally {
      await service.stop();
    }
  });

  it('closes last: the modules of the application still count while they close, and no connection stays', async () => {
    const app = await onRedis('app');
    const report = app.get(LastReport, { strict: false });
    await app.close();
    expect(report.decision).toMatchObject({ allowed: true, degraded: null, limits: [{ used: 1 }] });
    expect(await redis.cli('HLEN', 'sd1:{rules}:nodes')).toBe(0);
    await eventually(async () => !String(await redis.cli('CLIENT', 'LIST')).includes('name=sundial'));
    // Its directory is free: another process may have it, or this one again.
    const again = await onRedis('app');
    expect(await statuses(again, 1)).toEqual([200]);
  });

  it('is healthy while Redis is away, by the policies of its rules, unless the probe is about dependencies', async () => {
    const alarms: QuotaAlarm[] = [];
    const app = await onRedis('app', { onAlarm: (alarm) => alarms.push(alarm) });
    const probe = async (path: string) => {
      const { status, body } = await request(app).get(path);
      return [status, { ...body.info, ...body.error }];
    };
    expect(await statuses(app, 1)).toEqual([200]);
    expect(await probe('/health')).toEqual([
      200,
      { sundial: expect.objectContaining({ status: 'up', store: 'redis', mode: 'exact' }) },
    ]);
    expect(await probe('/dependencies')).toEqual([200, { quota: expect.objectContaining({ status: 'up' }) }]);
    await redis.kill();
    expect(await statuses(app, 3)).toEqual([200, 200, 429]);
    const degraded = expect.objectContaining({ mode: 'degraded' });
    await eventually(async () => (await probe('/dependencies'))[0] === 503);
    expect(await probe('/dependencies')).toEqual([503, { quota: degraded }]);
    expect(await probe('/health')).toEqual([200, { sundial: degraded }]);
    expect(alarms.find(({ name }) => name === 'degraded')).toMatchObject({
      state: 'raised',
      severity: 'warn',
    });
    await redis.restart();
    await eventually(async () => (await probe('/dependencies'))[0] === 200);
  });

  it('writes alarms to the log of the application', async () => {
    const lines: unknown[] = [];
    const keep = (message: unknown) => void lines.push(message);
    try {
      const app = await onRedis('app');
      Logger.overrideLogger({ log: keep, warn: keep, error: keep });
      await redis.kill();
      await eventually(async () => {
        await statuses(app, 1);
        return lines.some((line) => String(line).includes('[degraded raised]'));
      });
    } finally {
      Logger.overrideLogger(false);
      await redis.restart();
    }
  });

  it('ends a start with every error of its options', async () => {
    const wrong = {
      directory: join(directory.path, 'data'),
      deadlineMs: 1,
      rule: [],
    } as QuotaInProcessOptions;
    await expect(start(wrong)).rejects.toThrow(/rule: is no setting[^]*deadlineMs=1 must be an integer/);
    await expect(start({} as QuotaInProcessOptions)).rejects.toThrow(
      /QuotaModule needs one of .*\{ directory,/,
    );
    const both = { ...options('data'), client: FakeQuota.allowing() } as unknown as QuotaInProcessOptions;
    await expect(start(both)).rejects.toThrow(/QuotaModule needs one of/);
  });

  it('opens nothing where a test has put another quota in its place', async () => {
    const imports = [QuotaModule.forRoot(options('data')), OcrModule];
    const app = await startNestApplication({ imports }, (builder) =>
      builder.overrideProvider(QUOTA).useValue(FakeQuota.refusing()),
    );
    expect(await statuses(app, 1)).toEqual([429]);
    expect(existsSync(join(directory.path, 'data'))).toBe(false);
  });
});

describe('QuotaModule that asks a service', () => {
  it('has no rules, and says so when they are used; it is up until the application closes', async () => {
    const app = await startNestApplication({
      imports: [QuotaModule.forRoot({ client: FakeQuota.allowing() }), OcrModule],
    });
    const rules = rulesOf(app);
    expect(() => rules.list()).toThrow(/QuotaModule has no rules to read or change here/);
    await expect(rules.delete('ocr')).rejects.toThrow(/QuotaModule has no rules/);
    const indicator = app.get(QuotaHealthIndicator);
    expect(indicator.isHealthy('quota')).toEqual({ quota: { status: 'up' } });
    await app.close();
    expect(indicator.isHealthy('quota')).toEqual({ quota: { status: 'down' } });
  });
});
