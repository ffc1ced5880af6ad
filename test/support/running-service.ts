import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { QuotaEngine } from '@sundial/engine';
import supertest from 'supertest';
import type { OpenedQuota } from '@sundial/embedded';
import { OPENED_QUOTA } from '../../apps/quota-service/src/engine/tokens.js';
import { createService, readSettings, type Settings } from '../../apps/quota-service/src/index.js';
import { Door } from '../../apps/quota-service/src/http/admission/door.js';
import { RedisProcess } from './redis-process.js';
import { temporaryDirectory } from './temporary-directory.js';

/** What a service may count in; behaviour is the same on all. */
export const STORES = ['embedded', 'redis'] as const;

/** When such a service starts, by its store's clock: far from the ends of all windows. */
export const STARTED_AT = '2026-11-18T14:29:26+08:00';

type ServiceOptions = NonNullable<Parameters<typeof createService>[1]>;

/** The service in this process, from its sources, on a port, a data directory and, if asked for, a Redis of its own. */
export class RunningService {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly settings: Settings,
    private readonly release: () => Promise<void>,
  ) {}

  static async start(
    env: Readonly<Record<string, string>> = {},
    store: (typeof STORES)[number] = 'embedded',
    options: ServiceOptions = {},
  ): Promise<RunningService> {
    const directory = await temporaryDirectory();
    const redis = store === 'redis' ? await RedisProcess.start() : undefined;
    const settings = readSettings({
      SUNDIAL_DATA_DIR: directory.path,
      SUNDIAL_LAME_DUCK_MS: '0',
      // A busy machine must not make these tests about degradation.
      SUNDIAL_DEADLINE_MS: '2000',
      LOG_LEVEL: 'silent',
      // Specs of the ledger turn it on: two threads and a file for each service take time.
      SUNDIAL_LEDGER: 'off',
      SUNDIAL_CLOCK_OFFSET_MS: String(Date.parse(STARTED_AT) - Date.now()),
      ...(redis && { REDIS_URL: redis.url }),
      ...env,
    });
    const release = async () => {
      await redis?.stop();
      await directory.remove();
    };
    return RunningService.listening(settings, release, options, Number(env['PORT'] ?? 0));
  }

  private static async listening(
    settings: Settings,
    release: () => Promise<void>,
    options: ServiceOptions = {},
    port = 0,
  ): Promise<RunningService> {
    const app = await createService(settings, options);
    await app.listen(port, '127.0.0.1');
    return new RunningService(app, settings, release);
  }

  get port(): number {
    return (this.app.getHttpServer().address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What its controllers ask. */
  get engine(): QuotaEngine {
    return this.app.get(QuotaEngine);
  }

  /** What the log of its start says of its rules. */
  get rulesInForce(): OpenedQuota['inForce'] {
    return this.app.get<OpenedQuota>(OPENED_QUOTA).inForce;
  }

  /** Requests over a real socket. */
  get api(): ReturnType<typeof supertest> {
    return supertest(this.url);
  }

  /** Of batches that arrive or are worked on. */
  get heldBytes(): number {
    return this.app.get(Door).heldBytes.batches.total;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.release();
  }

  /** Ends it and starts it again on what it left behind. */
  async restart(): Promise<RunningService> {
    await this.app.close();
    return RunningService.listening(this.settings, this.release);
  }
}
