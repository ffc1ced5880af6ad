import {
  changesIn,
  differencesBetween,
  RuleBook,
  planChange,
  type PlannedChange,
  type RuleChange,
  type RuleRepository,
  type RuleSeed,
  type RuleSet,
  type RulesOrigin,
  type RuleStored,
  shownEffects,
} from '@sundial/engine';
import {
  LastKnownRules,
  ruleChanged,
  ruleExists,
  ruleNotFound,
  rulesChanged,
  StoredBook,
  StoreError,
  tooManyRules,
  tooManyWrites,
} from '@sundial/engine/ports';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QuotaError, type RuleSetChanges, type RuleSetWritten, type RuleWritten } from '@sundial/contract';
import type { RedisClient } from '../connection/redis-connection.js';
import type { RedisNodeRegistry } from '../nodes/redis-node-registry.js';
import { RedisRuleAnnouncements } from './redis-rule-announcements.js';
import { RedisRuleFollower } from './redis-rule-follower.js';
import { expectedBy, RedisRuleTable, type WriteOutcome } from './redis-rule-table.js';

const LAST_KNOWN_FILE = 'rules-last-known.ndjson';
/** How long `start` waits for Redis before it begins with the rules this node knows. */
const START_PATIENCE_MS = 800;
/** How long `close` waits for what is under way, and to inform the other nodes. */
const LEAVE_LIMIT_MS = 500;
/** How long `write` waits for the live nodes to apply it. */
const APPLY_PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;
const MAX_WAITING_WRITES = 100;
/** Attempts of a write that meets a store which has lost the rules. */
const MAX_TRIES = 3;
/** Attempts of a whole set that meets other writes. */
const MAX_SET_TRIES = 10;

export interface RedisRuleRepositoryOptions {
  /** The nodes of this Redis. The repository sends this node's heartbeats, and `close` takes it out. */
  readonly nodes: RedisNodeRegistry;
  /** Where the last good rules are kept for a start without Redis. */
  readonly snapshotDirectory: string;
  /** The rules to begin with where none are stored. */
  readonly seed: RuleSeed;
  readonly keyPrefix?: string;
  /** Called once for each new trouble, not once for each attempt. The rules in force stay. */
  readonly onError?: (error: Error) => void;
  /** Called when the last good rules cannot be written to disk, and with null when they can be again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/**
 * Rules of many nodes, in Redis. A write is announced, and every node reads at once what has changed since the version
 * it has (all rules only where Redis cannot say); the node's heartbeat each second is the poll that finds what an
 * announcement missed.
 *
 * No fault of Redis lifts a limit. While it is away the rules in force stay, and a node that starts then
 * uses the last rules it knew (`rules-last-known.ndjson`), else the seed, until Redis answers. When Redis lost what the
 * nodes have seen (a FLUSHALL, a fail-over to a copy that lags behind), the node with the latest book writes it again.
 * Rules of a shape this node does not know are reported and leave the last good ones in force.
 *
 * The repository owns the client from here on: `close` disconnects it.
 */
export class RedisRuleRepository implements RuleRepository {
  readonly #client: RedisClient;
  readonly #options: RedisRuleRepositoryOptions;
  readonly #table: RedisRuleTable;
  readonly #lastKnown: LastKnownRules;
  readonly #follower: RedisRuleFollower;
  #apply: (book: RuleBook) => void = () => undefined;
  #announcements: RedisRuleAnnouncements | undefined;
  /** Where the rules came from that this node began with before Redis answered. */
  #provisionalOrigin: RulesOrigin | undefined;
  #waitingWrites = 0;
  #alsoWake: () => void = () => undefined;

  constructor(client: RedisClient, options: RedisRuleRepositoryOptions) {
    const { nodes, snapshotDirectory, seed, keyPrefix = 'sd1', onError = () => undefined } = options;
    this.#client = client;
    this.#options = options;
    this.#table = new RedisRuleTable(client, keyPrefix);
    this.#lastKnown = new LastKnownRules(
      join(snapshotDirectory, LAST_KNOWN_FILE),
      onError,
      options.onTrouble,
    );
    this.#follower = new RedisRuleFollower(this.#table, {
      nodes,
      seed: () => StoredBook.seed(seed()),
      apply: (book) => this.#accept(book),
      onError,
    });
  }

  revisionOf(id: string): number | undefined {
    return this.#follower.book?.rules.get(id)?.revision;
  }

  async start(apply: (book: RuleBook) => void): Promise<void> {
    this.#apply = apply;
    this.#client.on('ready', this.#wake);
    this.#announcements = new RedisRuleAnnouncements(this.#client, this.#table.channel, this.#wake);
    await Promise.race([this.#follower.start(), pause(START_PATIENCE_MS)]);
    if (this.#follower.book) return;
    const lastKnown = await this.#lastKnown.recall();
    const known = lastKnown ?? StoredBook.seed(this.#options.seed());
    if (!this.#follower.begin(known)) return;
    this.#provisionalOrigin = lastKnown ? 'last-known' : 'seed';
    this.#apply(known.toRuleBook({ provisional: true }));
  }

  get origin(): RulesOrigin {
    return this.#provisionalOrigin ?? (this.#follower.isSeeded ? 'seed' : 'stored');
  }

  /**
   * From now on calls this too when a change is announced, or may have been while nothing was heard: what else the nodes share is
   * announced on the same channel.
   */
  alsoWake(wake: () => void): void {
    this.#alsoWake = wake;
  }

  async write(change: RuleChange): Promise<RuleStored> {
    return this.#bounded(async () => {
      const { version, created, rule, effects } = await this.#store(change);
      return { version, nodes: await this.#applied(version), rule, created, ...shownEffects(effects) };
    });
  }

  async replaceAll(set: RuleSet): Promise<RuleSetWritten> {
    return this.#bounded(async () => {
      const { version, ...changes } = await this.#storeAll(set);
      return { ...changes, version, nodes: await this.#applied(version) };
    });
  }

  async close(): Promise<void> {
    this.#client.off('ready', this.#wake);
    this.#alsoWake = () => undefined;
    this.#announcements?.close();
    const leaving = this.#follower.stop().then(() => this.#options.nodes.leave());
    // The other nodes forget by themselves a node that cannot say that it leaves.
    await Promise.race([leaving.catch(() => undefined), pause(LEAVE_LIMIT_MS)]);
    this.#client.disconnect();
    await this.#lastKnown.close();
  }

  readonly #wake = (): void => {
    void this.#follower.sync();
    this.#alsoWake();
  };

  #accept(book: StoredBook): void {
    this.#apply(book.toRuleBook());
    this.#lastKnown.remember(book);
  }

  async #store(wanted: RuleChange): Promise<PlannedChange & { version: number; created: boolean }> {
    for (let tries = 1; ; tries++) {
      const planned = await planChange(this.#follower.book?.toRuleBook() ?? RuleBook.EMPTY, wanted);
      const { change } = planned;
      const result = await this.#try(change);
      if (result.outcome === 'written')
        return { ...planned, version: result.version, created: result.created };
      if (result.outcome !== 'lost' || tries === MAX_TRIES) throw refusalOf(change, result);
      await this.#follower.sync();
    }
  }

  async #try(change: RuleChange): Promise<WriteOutcome> {
    return this.#table.write(change, this.#follower.version).catch((error: Error) => this.#refuse(error));
  }

  async #storeAll({ rules, expectedVersion }: RuleSet): Promise<RuleSetChanges & { version: number }> {
    for (let tries = 1; tries <= MAX_SET_TRIES; tries++) {
      const book = await this.#upToDate();
      if (book === undefined) continue;
      const { version } = book;
      if ((expectedVersion ?? version) !== version) throw rulesChanged(expectedVersion!, version);
      const found = await differencesBetween(book.toRuleBook(), rules);
      const { created, changed, removed } = found;
      const set = [...created, ...changed];
      if (set.length + removed.length === 0) return { ...changesIn(found), version };
      const next = await book.edited({ set, removed });
      if (!(await this.#table.change(book, next).catch((error: Error) => this.#refuse(error)))) continue;
      this.#follower.adopt(next);
      return { ...changesIn(found), version: next.version };
    }
    const detail = `The rules changed ${MAX_SET_TRIES} times while they were compared with the set; nothing was changed, try again.`;
    throw new QuotaError('store-unavailable', detail);
  }

  /** The book of this node while it is the stored one, else undefined: after it has been brought up to date. */
  async #upToDate(): Promise<StoredBook | undefined> {
    const { rules: seen } = await this.#follower
      .beat(this.#follower.version)
      .catch((error: Error) => this.#refuse(new StoreError(error.message, 'not-executed')));
    const book = this.#follower.confirmed;
    if (book?.stamp === seen.stamp) return book;
    if (this.#follower.isInHand(seen)) {
      const detail =
        'This node cannot use the rules in Redis (its log says why), so it does not replace them.';
      throw new QuotaError('store-unavailable', detail);
    }
    await this.#follower.sync();
    return undefined;
  }

  async #bounded<T>(write: () => Promise<T>): Promise<T> {
    if (this.#waitingWrites >= MAX_WAITING_WRITES) throw tooManyWrites(MAX_WAITING_WRITES);
    this.#waitingWrites++;
    try {
      return await write();
    } finally {
      this.#waitingWrites--;
    }
  }

  #refuse(cause: Error): never {
    const unchanged = cause instanceof StoreError && cause.executionStatus === 'not-executed';
    const executionStatus = unchanged
      ? 'Nothing was changed; try again.'
      : 'The change may have been made: read the rule, and try again with If-Match.';
    const reason = this.#client.status === 'ready' ? cause.message : 'it cannot be reached';
    const detail = `Redis did not confirm the change (${reason}). ${executionStatus}`;
    throw new QuotaError('store-unavailable', detail, [], { cause });
  }

  /** Waits until every live node applies a version, within bounds, and says how far it got. */
  async #applied(version: number): Promise<RuleWritten['nodes']> {
    let nodes = { live: this.#options.nodes.live, applied: 0 };
    const until = performance.now() + APPLY_PATIENCE_MS;
    const count = async (): Promise<void> => {
      for (let ms = FIRST_PAUSE_MS; performance.now() < until; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
        if (this.#follower.version < version) await this.#follower.sync();
        const seen = await this.#follower.beat(version).catch(() => undefined);
        if (seen) nodes = { live: seen.live, applied: seen.applied };
        if (nodes.applied >= nodes.live) return;
        await pause(ms);
      }
    };
    await Promise.race([count(), pause(APPLY_PATIENCE_MS)]);
    return nodes;
  }
}

function refusalOf(change: RuleChange, result: Exclude<WriteOutcome, { outcome: 'written' }>): QuotaError {
  const id = change.kind === 'delete' ? change.id : change.rule.id;
  switch (result.outcome) {
    case 'exists':
      return ruleExists(id);
    case 'missing':
      return ruleNotFound(id);
    case 'full':
      return tooManyRules();
    case 'changed':
      return ruleChanged(id, expectedBy(change), result.revision);
    case 'lost':
      return new QuotaError('store-unavailable', 'Redis has lost the rules; nothing was changed, try again.');
    default:
      return result satisfies never;
  }
}

/** A wait here does not keep the process alive. */
function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
