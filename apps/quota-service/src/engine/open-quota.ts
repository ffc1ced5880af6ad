import {
  DirectRunner,
  LiveRules,
  lockFile,
  type ProcessLock,
  QuotaEngine,
  type RuleRepository,
  type Runner,
  type Store,
} from '@sundial/engine';
import { type Journal, ResilientRunner } from '@sundial/resilience';
import { join } from 'node:path';
import { makeWritable } from '../config/data-directory.js';
import { ConfigurationError } from '../config/settings.js';
import type { OpenQuotaOptions, QuotaSettings } from './open-quota-options.js';
import { openJournal } from './open-journal.js';
import { openRuleRepository } from './open-rule-repository.js';
import { openStore } from './open-store.js';

/** The engine with all that it stands on. */
export interface OpenedQuota {
  readonly engine: QuotaEngine;
  readonly rules: LiveRules;
  readonly repository: RuleRepository;
  /** No more rules arrive, then the engine settles what it can, then the directory is free for another process. */
  close(): Promise<void>;
}

/**
 * Opens an engine on the store, rules and journal that the settings name: the one place that chooses a store. Whatever
 * was opened is closed again when a later part cannot be opened.
 * @throws ConfigurationError where the settings name what cannot be counted on.
 */
export async function openQuota(options: OpenQuotaOptions): Promise<OpenedQuota> {
  const opened: Closing[] = [];
  try {
    return await open(options, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

type Closing = () => Promise<unknown>;

async function open(options: OpenQuotaOptions, opened: Closing[]): Promise<OpenedQuota> {
  const { settings, observer } = options;
  const { batchDeadlineMs, unknownResource } = settings;
  const lock = await lockCounters(settings);
  if (lock) opened.push(() => lock.release());
  const [counted, ruled] = await Promise.allSettled([
    openCounting(options, opened),
    followRules(options, opened),
  ]);
  if (counted.status === 'rejected') throw counted.reason;
  if (ruled.status === 'rejected') throw ruled.reason;
  const { rules, repository } = ruled.value;
  const runner = createRunner(options, { ...counted.value, repository });
  const engine = new QuotaEngine({ runner, rules, batchDeadlineMs, unknownResource, observer });
  return { engine, rules, repository, close: () => closeAll({ engine, repository, lock }) };
}

/** The embedded store is never away, so nothing stands between it and the engine. */
function createRunner(
  { settings, observer }: OpenQuotaOptions,
  { store, journal, repository }: Runnable,
): Runner {
  if (store.kind === 'embedded') return new DirectRunner(store, observer);
  const { deadlineMs } = settings;
  return new ResilientRunner({ store, journal, nodes: () => repository.nodes, deadlineMs, observer });
}

interface Counting {
  readonly store: Store;
  readonly journal: Journal | undefined;
}

interface Runnable extends Counting {
  readonly repository: RuleRepository;
}

async function closeAll({ engine, repository, lock }: Closable): Promise<void> {
  await repository.close();
  // It closes its store and its journal.
  await engine.close();
  await lock?.release();
}

interface Closable {
  readonly engine: QuotaEngine;
  readonly repository: RuleRepository;
  readonly lock: ProcessLock | undefined;
}

async function openCounting(options: OpenQuotaOptions, opened: Closing[]): Promise<Counting> {
  const store = await openStore(options);
  opened.push(() => store.close());
  const journal = await openJournal(options);
  if (journal) opened.push(() => journal.close());
  return { store, journal };
}

async function followRules(
  options: OpenQuotaOptions,
  opened: Closing[],
): Promise<{ readonly rules: LiveRules; readonly repository: RuleRepository }> {
  const repository = await openRuleRepository(options);
  opened.push(() => repository.close());
  const rules = new LiveRules();
  await repository.start((book) => rules.apply(book));
  return { rules, repository };
}

/** Two processes that count in memory would each write their counters and rules over the other's. */
async function lockCounters({ redis, dataDirectory }: QuotaSettings): Promise<ProcessLock | undefined> {
  await makeWritable(dataDirectory);
  if (redis) return undefined;
  const lock = await lockFile(join(dataDirectory, 'counters.lock'));
  if (lock) return lock;
  throw new ConfigurationError([
    `SUNDIAL_DATA_DIR=${JSON.stringify(dataDirectory)} holds the counters of another service that runs: ` +
      'stop that one, give this one a directory of its own, or let both count in one Redis (REDIS_URL)',
  ]);
}
