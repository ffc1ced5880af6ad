import type {
  OperatorControls,
  OverrideAdmin,
  QuotaAlarm,
  QuotaSettings,
  ReceiptIssuer,
  RuleAdmin,
} from '@sundial/contract';
import {
  DirectRunner,
  EngineOverrides,
  type LiveControls,
  type LiveRules,
  lockFile,
  type ProcessLock,
  QuotaEngine,
  type QuotaObserver,
  type ReceiptStore,
  type RuleRepository,
  type Runner,
} from '@sundial/engine';
import { type Journal, ResilientRunner } from '@sundial/resilience';
import { join } from 'node:path';
import { AlarmObserver } from './alarms/alarm-observer.js';
import { observers } from './alarms/observers.js';
import { FileFindings } from './findings/file-findings.js';
import { makeWritable } from './opening/make-writable.js';
import { openControls, type OpenedControls } from './opening/open-controls.js';
import { openJournal } from './opening/open-journal.js';
import { type LiveNodes, type OpenedRules, openRules } from './opening/open-rules.js';
import { openStore, type OverridableStore } from './opening/open-store.js';
import type { Opening, QuotaLog } from './opening/opening.js';
import type { RulesInForce } from './opening/start-up-rules.js';
import { EngineRules } from './rules/engine-rules.js';
import { type CheckedSettings, checkedSettings } from './settings/checked-settings.js';
import { QuotaSettingsError } from './settings/quota-settings.error.js';

/** What a program may listen to. All of it may be left out. */
export interface QuotaListeners {
  /** Called with what an operator should know: once, not once a check. */
  readonly onAlarm?: (alarm: QuotaAlarm) => void;
  /** Gets lines about what is opened, such as how far the counters are read. */
  readonly log?: QuotaLog;
  /** Called with every decision and event, on the path of checks: for metrics. */
  readonly observer?: QuotaObserver;
  /** What is wrong with the files of the process, for a program that shows it before it is opened. */
  readonly files?: FileFindings;
  /** Signs the receipts that callers ask for (`ReceiptSigner` of `@sundial/receipts`). Default: decisions carry none. */
  readonly receipts?: ReceiptIssuer;
}

export type SharedKeys = (purpose: string) => readonly Buffer[];

/** Sundial in this process, with all that it stands on. */
export interface OpenedQuota {
  /** The verbs, and `status()`: whether the store decides, and what is wrong with it. */
  readonly engine: QuotaEngine;
  /** Reads and changes the rules, on all nodes that share them. */
  readonly admin: RuleAdmin;
  /** Sets gates, brakes and drills, on all nodes that share the store. */
  readonly controls: OperatorControls;
  /** Sets and shows what single subjects have instead of their rules' limits. */
  readonly overrides: OverrideAdmin;
  /** The rules in force on this node. */
  readonly rules: LiveRules;
  /** Where they are stored. */
  readonly repository: RuleRepository;
  /** The nodes that share the store. */
  readonly nodes: LiveNodes;
  /** What those nodes know together about receipts. */
  readonly receiptStore: ReceiptStore;
  /**
   * Keys of 32 bytes for one purpose, which all nodes of the store know, and no caller: sign with the first, verify with any. A node
   * that starts while Redis is away has the last it knew, or its own until Redis is back.
   */
  readonly sharedKeys: SharedKeys;
  /** What is wrong with the files of this process. */
  readonly files: FileFindings;
  /** Which rules it began with, as a line for the log of the program. */
  readonly inForce: RulesInForce;
  /**
   * No more rules arrive; then the engine settles what it can, and its store and journal close; then the directory is free
   * for another process. To be called when no request runs any more; a second call waits for the first.
   */
  close(): Promise<void>;
}

/**
 * Opens Sundial in this process: counters on Redis or in memory with a log on disk, rules that are shared with all other
 * nodes of the same Redis (services and programs alike), the journal of what is decided while Redis is away. Whatever was
 * opened is closed again when a later part cannot be opened.
 *
 * A Redis that does not answer ends no start: until it does, the rules' `degrade` policies decide. One that answers and
 * cannot be counted on does.
 *
 * @throws QuotaSettingsError with every error of the settings, or with what was found where they lead to; QuotaError
 * `invalid-rule` for a file of rules, every error with its line.
 */
export async function openQuota(
  settings: QuotaSettings,
  listeners: QuotaListeners = {},
): Promise<OpenedQuota> {
  const closings: Closing[] = [];
  try {
    return await open(openingOf(settings, listeners), closings);
  } catch (error) {
    for (const close of closings.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

type Closing = () => Promise<unknown>;

interface FullOpening extends Opening {
  readonly files: FileFindings;
  readonly receipts: ReceiptIssuer | undefined;
}

function openingOf(given: QuotaSettings, listeners: QuotaListeners): FullOpening {
  const settings = checkedSettings(given);
  const { observer = {}, onAlarm, log = SILENT } = listeners;
  const files = listeners.files ?? new FileFindings(settings.directory);
  const alarms = onAlarm && new AlarmObserver(onAlarm);
  if (alarms) files.onChange((finding, holds) => alarms.fileFindingChanged(finding, holds));
  return {
    settings,
    files,
    log,
    receipts: listeners.receipts,
    observer: alarms ? observers(observer, alarms) : observer,
    rulesNotUpdated: (error) => {
      if (alarms) alarms.rulesNotUpdated(error);
      else log.error({ err: error }, 'the rules could not be brought up to date');
    },
    controlsNotUpdated: (error) =>
      log.error({ err: error }, 'gates, brakes and drills could not be brought up to date'),
  };
}

const SILENT: QuotaLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function open(opening: FullOpening, closings: Closing[]): Promise<OpenedQuota> {
  const { settings, observer, files, receipts } = opening;
  const { batchDeadlineMs, unknownResource, deadlineMs } = settings;
  const lock = await lockCounters(settings);
  if (lock) closings.push(() => lock.release());
  const [counted, ruled] = await Promise.allSettled([
    openCounting(opening, closings),
    openRules(opening, (repository) => closings.push(() => repository.close())),
  ]);
  if (counted.status === 'rejected') throw counted.reason;
  if (ruled.status === 'rejected') throw ruled.reason;
  const { rules, repository, nodes, receiptStore, inForce, shared } = ruled.value;
  const { store } = counted.value;
  const opened = await openControls(opening, { now: () => store.now(), shared });
  closings.push(() => opened.close());
  const { live, controls } = opened;
  const runner = createRunner(opening, counted.value, { nodes, live });
  const engine = new QuotaEngine({
    ...{ runner, rules, controls: live, observer, receipts },
    ...{ batchDeadlineMs, deadlineMs, unknownResource },
  });
  const closable = { engine, repository, controls: opened, lock };
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(closable));
  const admin = new EngineRules(ruled.value);
  const overrides = new EngineOverrides({ rules, keeper: store.overrides, now: () => store.now() });
  const operating = { admin, controls, overrides };
  const sharedKeys: SharedKeys = (purpose) => store.secret.all.map((secret) => secret.keyFor(purpose));
  const ofAllNodes = { nodes, receiptStore, sharedKeys };
  return { engine, ...operating, rules, repository, ...ofAllNodes, files, inForce, close };
}

/** A store in this process is never away, so nothing stands between it and the engine. */
function createRunner(
  { settings, observer }: Opening,
  { store, journal }: Counting,
  { nodes, live }: { readonly nodes: OpenedRules['nodes']; readonly live: LiveControls },
): Runner {
  if (store.kind === 'embedded') return new DirectRunner(store, observer);
  const { deadlineMs } = settings;
  const isDrilled = (resource: string) => live.isStoreDrilled(resource);
  return new ResilientRunner({ store, journal, nodes: () => nodes, deadlineMs, observer, isDrilled });
}

interface Counting {
  readonly store: OverridableStore;
  readonly journal: Journal | undefined;
}

async function closeAll({ engine, repository, controls, lock }: Closable): Promise<void> {
  // At once: each waits a while for a Redis that does not take its leave.
  await Promise.all([controls.close(), repository.close()]);
  // It closes its store and its journal.
  await engine.close();
  await lock?.release();
}

interface Closable {
  readonly engine: QuotaEngine;
  readonly repository: RuleRepository;
  readonly controls: Pick<OpenedControls, 'close'>;
  readonly lock: ProcessLock | undefined;
}

async function openCounting(opening: Opening, closings: Closing[]): Promise<Counting> {
  const store = await openStore(opening);
  closings.push(() => store.close());
  const journal = await openJournal(opening);
  if (journal) closings.push(() => journal.close());
  return { store, journal };
}

/** Two processes that count in memory would each write their counters and rules over the other's. */
async function lockCounters({ redis, directory }: CheckedSettings): Promise<ProcessLock | undefined> {
  await makeWritable(directory);
  if (redis) return undefined;
  const lock = await lockFile(join(directory, 'counters.lock'));
  if (lock) return lock;
  const message =
    'holds the counters of another process that runs: ' +
    'stop that one, give this one a directory of its own, or let both count in one Redis';
  throw new QuotaSettingsError([{ setting: 'directory', value: directory, message }]);
}
