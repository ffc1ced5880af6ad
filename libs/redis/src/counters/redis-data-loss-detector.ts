import {
  lostSince,
  WATERMARK_MS,
  type WatermarkKeeper,
  type DataLoss,
  type Watermark,
} from '@sundial/engine/ports';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from '../connection/redis-connection.js';
import { mastersOf, type Server } from '../diagnostics/redis-diagnostics.js';
import { slotOfTag } from '../connection/redis-slots.js';

/** A server that was emptied is found out within this; one that was restarted or replaced, as it is connected to. */
const WATCH_EVERY_MS = 1_000;
/** Of processes that died; each leaves one a server. */
const MAX_FOUND = 4_096;
/** How long a watermark stays that is noted nowhere but in the store. */
const UNKEPT_MS = 60 * 60_000;
/** What the last renewal may take: a closing process waits for it. */
const LAST_RENEWAL_MS = 500;

/**
 * Detects that masters may have lost acknowledged writes. Each has a watermark of this process: when it is gone, so is all
 * else. A server that was restarted or promoted says so by its run id and its replication id. What happened while
 * no process of this node ran shows in the watermarks that the one before has left, in the store and on this node's disk.
 */
export class RedisDataLossDetector {
  readonly #client: RedisClient;
  readonly #now: () => number;
  readonly #name = randomBytes(9).toString('base64url');
  readonly #timer: NodeJS.Timeout;
  /** By server, what identified it when it was seen last. */
  readonly #known = new Map<string, string>();
  /** This process' watermarks, by key. */
  #watermarks = new Map<string, Omit<Watermark, 'since'>>();
  /** Those of processes before it that the store has not been asked for yet. */
  #found: readonly Watermark[] = [];
  #since = Infinity;
  #lost: (loss: DataLoss) => void = () => undefined;
  #keeper: WatermarkKeeper | undefined;
  #watching: Promise<void> | undefined;

  constructor(client: RedisClient, now: () => number) {
    this.#client = client;
    this.#now = now;
    this.#timer = setInterval(() => void this.#watch(), WATCH_EVERY_MS).unref();
    if (client instanceof Cluster)
      client.on('+node', (node: Redis) => node.once('ready', () => void this.#watch()));
    else client.on('ready', () => void this.#watch());
  }

  listen(lost: (loss: DataLoss) => void, keeper?: WatermarkKeeper): void {
    this.#lost = lost;
    this.#keeper = keeper;
    this.#found = keeper?.watermarks.slice(-MAX_FOUND) ?? [];
    void this.#watch();
  }

  /** Writes a last watermark, where a server answers. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const lastRenewal = Promise.resolve(this.#watching).then(() => this.#watch(true));
    await Promise.race([lastRenewal, sleep(LAST_RENEWAL_MS, undefined, { ref: false })]);
  }

  #watch(isLast = false): Promise<void> {
    this.#watching ??= this.#renewAll(isLast).finally(() => (this.#watching = undefined));
    return this.#watching;
  }

  async #renewAll(isLast: boolean): Promise<void> {
    const isFirst = this.#known.size === 0;
    const servers = mastersOf(this.#client);
    const losses = await Promise.all(servers.map((server) => this.#look(server, isLast).catch(() => null)));
    const keys = servers.map((server) => this.#keyOn(server));
    this.#watermarks = new Map([...this.#watermarks].filter(([key]) => keys.includes(key)));
    const kind = losses.find((found) => found === 'emptied') ?? losses.find((found) => found !== null);
    if (kind && !isFirst) this.#lost({ kind });
    await this.#askForFound();
    const own = [...this.#watermarks.values()].map((watermark) => ({ ...watermark, since: this.#since }));
    if (own.length > 0) this.#keeper?.keep([...this.#found, ...own]);
  }

  async #look(server: Server, isLast: boolean): Promise<'emptied' | 'replaced' | null> {
    const { name, client } = server;
    const key = this.#keyOn(server);
    const [replication, info] = await Promise.all([client.info('replication'), client.info('server')]);
    // The watermark would be refused, and the client leaves a server that refuses a write: its finding would be lost.
    if (fieldOf(replication, 'role') === 'slave') return null;
    const at = Math.floor(this.#now());
    // Last: once a watermark is there again, no lost reply may keep the loss from being said.
    const hasIt = await this.#renew(client, key, at);
    const identity = `${fieldOf(info, 'run_id')} ${fieldOf(replication, 'master_replid')}`;
    const before = this.#known.get(name);
    this.#known.set(name, identity);
    this.#since = Math.min(this.#since, at);
    this.#watermarks.set(key, { key, at, server: identity, isLast });
    // A master of a Cluster that is new here never had a watermark.
    const hadWatermark = before !== undefined || !(this.#client instanceof Cluster);
    if (!hasIt && hadWatermark) return 'emptied';
    return identity === before ? null : 'replaced';
  }

  /**
   * Whether the server still has the watermark. One that is gone is written only when its reply has said so: were both one command,
   * a lost reply would leave a server that has a watermark again, and a loss that no node has heard of.
   */
  async #renew(client: Redis, key: string, at: number): Promise<boolean> {
    const livesMs = this.#keeper ? WATERMARK_MS : UNKEPT_MS;
    if ((await client.set(key, at, 'PX', livesMs, 'XX')) !== null) return true;
    await client.set(key, at, 'PX', livesMs).catch(() => undefined);
    return false;
  }

  /** Each until its server has answered. */
  async #askForFound(): Promise<void> {
    if (this.#found.length === 0) return;
    const unanswered = await Promise.all(
      this.#found.map(async (watermark) =>
        (await this.#askFor(watermark).catch(() => false)) ? [] : [watermark],
      ),
    );
    this.#found = unanswered.flat();
  }

  async #askFor(watermark: Watermark): Promise<boolean> {
    const server = this.#identityOf(watermark.key);
    if (server === undefined) return false;
    const value = await this.#client.get(watermark.key);
    const interval = lostSince(watermark, { value, server });
    if (interval) this.#lost({ kind: 'unseen', ...interval });
    if (value !== null) this.#since = Math.min(this.#since, watermark.since);
    await this.#client.del(watermark.key).catch(() => undefined);
    return true;
  }

  /** Of the server that holds a key, if it has been seen. */
  #identityOf(key: string): string | undefined {
    if (!(this.#client instanceof Cluster)) return this.#known.get(mastersOf(this.#client)[0]!.name);
    const tag = key.slice(key.indexOf('{') + 1, key.indexOf('}'));
    return this.#known.get(this.#client.slots[slotOfTag(tag)]?.[0] ?? '');
  }

  #keyOn({ tag }: Server): string {
    return `sd1:{${tag}}:watermark:${this.#name}`;
  }
}

function fieldOf(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*)\r$`, 'm').exec(info)?.[1];
}
