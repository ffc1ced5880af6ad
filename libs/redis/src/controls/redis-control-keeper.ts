import type { ControlWritten } from '@sundial/contract';
import type { LiveControls } from '@sundial/engine';
import type { ControlKeeper } from '@sundial/engine/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisControlTable } from './redis-control-table.js';

/** How often a node asks whether there is something new: announcements may be lost. */
const POLL_MS = 500;
/** How long a start waits to learn what is stored. */
const START_PATIENCE_MS = 500;
/** How long a write waits for the live nodes to have it in force. */
const APPLY_PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;
/** Rounds of one catching-up; a store that changes faster is read again at the next poll. */
const MAX_ROUNDS = 5;
/** How long `close` waits to inform the other nodes. */
const LEAVE_LIMIT_MS = 300;

export interface RedisControlKeeperOptions {
  /** This node's name among the nodes of this Redis. */
  readonly node: string;
  /** What this node has in force, which is kept the same as what all others have. */
  readonly live: LiveControls;
  readonly keyPrefix?: string;
  /** Called once for each new trouble, not once for each attempt. What is in force stays. */
  readonly onError?: (error: Error) => void;
}

/**
 * Gates, brakes and drills of many nodes, in Redis. Each node takes what is later there than what it knows, and brings what it
 * knows and Redis does not: what was set while Redis was away, and what Redis has lost. Of two records of a key the later one
 * holds, so all nodes come to the same, whatever order they hear in.
 *
 * It shares its client with the rules, whose announcements wake it; their owner disconnects it.
 */
export class RedisControlKeeper implements ControlKeeper {
  readonly node: string;
  readonly #table: RedisControlTable;
  readonly #live: LiveControls;
  readonly #onError: (error: Error) => void;
  /** What this node has in force of what is stored. */
  #confirmed = { version: 0, stamp: '' };
  /** Writes of this node, and how many of them are stored. */
  #written = 0;
  #stored = 0;
  #nodes = 1;
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #trouble: string | undefined;
  #isClosed = false;

  constructor(client: RedisClient, options: RedisControlKeeperOptions) {
    const { node, live, keyPrefix = 'sd1', onError = () => undefined } = options;
    this.node = node;
    this.#live = live;
    this.#onError = onError;
    this.#table = new RedisControlTable(client, node, keyPrefix);
  }

  /** Begins to follow. Resolves when Redis has answered for the first time, or does not soon. */
  async start(): Promise<void> {
    // What was known before this start may be later than what is stored.
    this.#written++;
    const first = this.sync();
    this.#pollOn(first);
    if (this.#table.connected) await Promise.race([first, pause(START_PATIENCE_MS)]);
  }

  /** Something may be new. Brings this node and Redis to the same records; never rejects. */
  sync(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#syncWhileAsked().finally(() => {
      this.#running = undefined;
      return this.#again && !this.#isClosed ? this.sync() : undefined;
    });
    return this.#running;
  }

  async keep(): Promise<ControlWritten> {
    const write = ++this.#written;
    const until = performance.now() + APPLY_PATIENCE_MS;
    await Promise.race([this.sync(), pause(APPLY_PATIENCE_MS)]);
    if (this.#stored < write) return { nodes: { live: this.#nodes, applied: 1 }, stored: false };
    return { nodes: await this.#applied(this.#confirmed.version, until), stored: true };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (!this.#table.connected) return;
    // The other nodes forget by themselves a node that cannot say that it leaves.
    await Promise.race([this.#table.leave().catch(() => undefined), pause(LEAVE_LIMIT_MS)]);
  }

  #pollOn(asked: Promise<void>): void {
    void asked.then(() => {
      if (!this.#isClosed) this.#timer = setTimeout(() => this.#pollOn(this.sync()), POLL_MS).unref();
    });
  }

  async #syncWhileAsked(): Promise<void> {
    while (this.#again && !this.#isClosed) {
      this.#again = false;
      if (!this.#table.connected) continue;
      try {
        await this.#catchUp();
        this.#trouble = undefined;
      } catch (error) {
        this.#report(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  async #catchUp(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { version, stamp } = this.#confirmed;
      const { stored, live } = await this.#table.heartbeat(version, version);
      this.#nodes = live;
      const isKnown = stored.version === version && stored.stamp === stamp;
      if (isKnown && this.#stored === this.#written) return;
      await this.#exchange();
    }
  }

  /** Takes what is later in Redis, then brings what is later here; the next round confirms it. */
  async #exchange(): Promise<void> {
    const written = this.#written;
    const stored = await this.#table.read();
    this.#live.merge(stored.records.values());
    const missing = this.#live.laterThan(stored.records);
    if (missing.length > 0) return this.#table.merge(missing, this.#live.now());
    this.#confirmed = { version: stored.version, stamp: stored.stamp };
    this.#stored = written;
    const [unreadable] = stored.unreadable;
    if (unreadable) this.#onError(unreadable);
  }

  /** Waits until every live node has a version in force, within bounds, and says how far it got. */
  async #applied(version: number, until: number): Promise<ControlWritten['nodes']> {
    let nodes = { live: this.#nodes, applied: 1 };
    const count = async (): Promise<void> => {
      for (let ms = FIRST_PAUSE_MS; performance.now() < until; ms = Math.min(2 * ms, LONGEST_PAUSE_MS)) {
        const seen = await this.#table.heartbeat(this.#confirmed.version, version).catch(() => undefined);
        if (seen) nodes = { live: seen.live, applied: seen.applied };
        if (nodes.applied >= nodes.live) return;
        await pause(ms);
      }
    };
    await Promise.race([count(), pause(Math.max(0, until - performance.now()))]);
    return nodes;
  }

  #report(error: Error): void {
    if (error.message === this.#trouble) return;
    this.#trouble = error.message;
    this.#onError(error);
  }
}

/** A wait here does not keep the process alive. */
function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
