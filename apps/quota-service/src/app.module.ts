import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import {
  DirectRunner,
  FileRuleRepository,
  LiveRules,
  loadRuleFile,
  lockFile,
  type LogDamage,
  type LogProgress,
  MemoryStore,
  type ProcessLock,
  QuotaEngine,
  type RuleRepository,
  type Runner,
  type Store,
} from '@sundial/engine';
import {
  connectRedis,
  RedisRuleRepository,
  RedisStore,
  type RedisStoreOptions,
  type RedisTarget,
} from '@sundial/redis';
import { DirectoryInUseError, Journal, ResilientRunner } from '@sundial/resilience';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { RuleSetController } from './admin/rule-set.controller.js';
import { RulesController } from './admin/rules.controller.js';
import { AlarmObserver } from './alarms/alarm-observer.js';
import { AlarmsController } from './alarms/alarms.controller.js';
import { ALARM_PROVIDERS } from './alarms/alarms.providers.js';
import { BatchController } from './check/batch.controller.js';
import { CheckController } from './check/check.controller.js';
import { COUNTERS_LOCK, JOURNAL, RULE_REPOSITORY, RUNNER, STORE } from './composition.js';
import { DocsController } from './docs/docs.controller.js';
import { FileConditions } from './files/file-conditions.js';
import { FileMetrics } from './files/file-metrics.js';
import { HealthController } from './health/health.controller.js';
import { Door } from './http/door.js';
import { JournalMetrics } from './journal/journal-metrics.js';
import { JournalController } from './journal/journal.controller.js';
import { KeyRing } from './keys/key-ring.js';
import { LOG, type Log } from './logging/log.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { NodeMetrics } from './metrics/node-metrics.js';
import { observers } from './metrics/observers.js';
import { QuotaMetrics } from './metrics/quota-metrics.js';
import { makeWritable } from './settings/data-directory.js';
import { ConfigurationError, SETTINGS, type Settings } from './settings/settings.js';
import { Lifecycle } from './shutdown/lifecycle.js';
import { UsageController } from './usage/usage.controller.js';

/** How long a start waits to learn what Redis is like. */
const REDIS_PATIENCE_MS = 1_000;

/** The one place that names a store: what runs depends on the settings, and nothing else knows which it is. */
@Module({
  controllers: [
    CheckController,
    BatchController,
    UsageController,
    RuleSetController,
    RulesController,
    AlarmsController,
    JournalController,
    HealthController,
    MetricsController,
    DocsController,
  ],
  providers: [
    { provide: COUNTERS_LOCK, inject: [SETTINGS], useFactory: lockCounters },
    {
      provide: FileConditions,
      inject: [SETTINGS],
      useFactory: ({ dataDirectory }: Settings) => new FileConditions(dataDirectory),
    },
    { provide: STORE, inject: [SETTINGS, LOG, FileConditions, COUNTERS_LOCK], useFactory: openStore },
    { provide: JOURNAL, inject: [SETTINGS, FileConditions, STORE], useFactory: openJournal },
    { provide: RULE_REPOSITORY, inject: [SETTINGS, LOG, FileConditions], useFactory: openRuleRepository },
    { provide: LiveRules, inject: [RULE_REPOSITORY], useFactory: followRules },
    {
      provide: RUNNER,
      inject: [STORE, RULE_REPOSITORY, JOURNAL, QuotaMetrics, AlarmObserver, SETTINGS],
      useFactory: createRunner,
    },
    {
      provide: QuotaEngine,
      inject: [RUNNER, LiveRules, QuotaMetrics, AlarmObserver, SETTINGS],
      useFactory: createEngine,
    },
    { provide: KeyRing, inject: [SETTINGS], useFactory: (settings: Settings) => new KeyRing(settings) },
    { provide: Registry, useFactory: () => new Registry() },
    Door,
    Lifecycle,
    QuotaMetrics,
    NodeMetrics,
    JournalMetrics,
    FileMetrics,
    ...ALARM_PROVIDERS,
  ],
})
export class AppModule implements OnApplicationShutdown {
  constructor(
    private readonly engine: QuotaEngine,
    @Inject(RULE_REPOSITORY) private readonly repository: RuleRepository,
    @Inject(COUNTERS_LOCK) private readonly countersLock: ProcessLock | undefined,
  ) {}

  static with(settings: Settings, log: Log): DynamicModule {
    const load = [registerAs('settings', () => settings)];
    return {
      module: AppModule,
      imports: [ConfigModule.forRoot({ load, ignoreEnvFile: true, ignoreEnvVars: true })],
      providers: [{ provide: LOG, useValue: log }],
    };
  }

  /** Not in `onModuleDestroy`: requests are still in flight then. */
  async onApplicationShutdown(): Promise<void> {
    await this.repository.close();
    await this.engine.close();
    await this.countersLock?.release();
  }
}

/** Two processes that count in memory would each write their counters and rules over the other's. */
async function lockCounters({ redis, dataDirectory }: Settings): Promise<ProcessLock | undefined> {
  await makeWritable(dataDirectory);
  if (redis) return undefined;
  const lock = await lockFile(join(dataDirectory, 'counters.lock'));
  if (lock) return lock;
  throw new ConfigurationError([
    `SUNDIAL_DATA_DIR=${JSON.stringify(dataDirectory)} holds the counters of another service that runs: ` +
      'stop that one, give this one a directory of its own, or let both count in one Redis (REDIS_URL)',
  ]);
}

async function openStore(
  { redis, dataDirectory, clockOffsetMs, maxSubjects }: Settings,
  log: Log,
  files: FileConditions,
): Promise<Store> {
  if (redis) return openRedisStore(redis, { clockOffsetMs, directory: dataDirectory });
  const onProgress = ({ bytes, totalBytes }: LogProgress) =>
    log.info({ bytes, totalBytes }, `reading the counters: ${Math.floor((100 * bytes) / totalBytes)} %`);
  const startedAt = performance.now();
  const onTrouble = files.writerOf('counters');
  const store = await MemoryStore.open({
    directory: dataDirectory,
    ...(maxSubjects !== undefined && { maxCounters: maxSubjects }),
    clockOffsetMs,
    onTrouble,
    onProgress,
  });
  const tookMs = Math.round(performance.now() - startedAt);
  if (store.size.logBytes > 0) log.info({ ...store.size, tookMs }, 'the counters are read');
  for (const torn of store.damages.filter(({ isTornTail }) => isTornTail))
    log.warn(torn, 'the last write of the counters was cut off: a moment is not counted');
  const damages = store.damages.filter(({ isTornTail }) => !isTornTail);
  if (damages.length > 0) files.damaged('counters', damages.map(sentenceOf).join(' '));
  return store;
}

function sentenceOf({ path, bytes, keptAs, from, to }: LogDamage): string {
  const what = bytes > 0 ? `${bytes} bytes cannot be read` : 'something before it is missing';
  const when = [from, to].map((at) => (Number.isFinite(at) ? new Date(at).toISOString() : 'the beginning'));
  const kept = keptAs === undefined ? '' : ` It is kept as ${keptAs}.`;
  return `${path}: ${what}.${kept} All else is in force; what was counted from ${when.join(' to ')} may be counted too low.`;
}

/** The embedded store is never away, so there nothing is owed. */
async function openJournal(
  { redis, dataDirectory, journalSync }: Settings,
  files: FileConditions,
): Promise<Journal | undefined> {
  if (!redis) return undefined;
  const onTrouble = files.writerOf('journal');
  try {
    const journal = await Journal.open({ directory: dataDirectory, sync: journalSync, onTrouble });
    for (const { bytes, keptAs } of journal.damages) {
      files.damaged(
        'journal',
        `${bytes} bytes cannot be read: what they say will not be counted. It is kept as ${keptAs}.`,
      );
    }
    return journal;
  } catch (error) {
    if (error instanceof DirectoryInUseError)
      throw new ConfigurationError([`SUNDIAL_DATA_DIR: ${error.message}`]);
    throw error;
  }
}

/** A Redis that answers and is not fit for this ends the start; one that does not answer may come later. */
async function openRedisStore(target: RedisTarget, options: RedisStoreOptions): Promise<Store> {
  const store = new RedisStore(target, options);
  const conditions = await store.examined(REDIS_PATIENCE_MS);
  const refusals = conditions.filter(({ severity }) => severity === 'refuse');
  if (refusals.length === 0) return store;
  await store.close();
  throw new ConfigurationError(
    refusals.map(({ server, sentence }) => (server === null ? sentence : `${server}: ${sentence}`)),
  );
}

async function openRuleRepository(
  { redis, dataDirectory, rulesFile }: Settings,
  log: Log,
  files: FileConditions,
): Promise<RuleRepository> {
  const seed = await loadRuleFile(rulesFile);
  const onTrouble = files.writerOf('rules');
  if (!redis) return new FileRuleRepository({ directory: dataDirectory, seed, onTrouble });
  const nodeId = randomUUID();
  const onError = (err: Error) => log.error({ err }, 'the rules could not be brought up to date');
  return new RedisRuleRepository(connectRedis(redis, `sundial-rules-${nodeId}`), {
    nodeId,
    snapshotDirectory: dataDirectory,
    seed,
    onError,
    onTrouble,
  });
}

async function followRules(repository: RuleRepository): Promise<LiveRules> {
  const rules = new LiveRules();
  await repository.start((book) => rules.apply(book));
  return rules;
}

function createRunner(
  store: Store,
  repository: RuleRepository,
  journal: Journal | undefined,
  metrics: QuotaMetrics,
  alarms: AlarmObserver,
  { deadlineMs }: Settings,
): Runner {
  const observer = observers(metrics, alarms);
  if (store.kind === 'embedded') return new DirectRunner(store, observer);
  const nodes = () => repository.nodes;
  return new ResilientRunner({ store, nodes, journal, deadlineMs, observer });
}

function createEngine(
  runner: Runner,
  rules: LiveRules,
  metrics: QuotaMetrics,
  alarms: AlarmObserver,
  { batchDeadlineMs, unknownResource }: Settings,
): QuotaEngine {
  const observer = observers(metrics, alarms);
  return new QuotaEngine({ runner, rules, batchDeadlineMs, unknownResource, observer });
}
