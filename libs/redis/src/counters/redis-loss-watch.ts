import { lostSince, MARK_MS, type MarkKeeper, type StoreLoss, type StoreMark } from '@sundial/engine/ports';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from '../connection/redis-connection.js';
import { mastersOf, type Server } from '../diagnostics/redis-examiner.js';
import { slotOfTag } from '../connection/redis-slots.js';

/** A server that was emptied is found out within this; one that was restarted or replaced, as it is connected to. */
const WATCH_EVERY_MS = 1_000;
/** Of processes that died; each leaves one a server. */
const MAX_FOUND = 4_096;
/** How long a mark stays that is noted nowhere but in the store. */
const UNKEPT_MS = 60 * 60_000;
/** What the last look may take: whoever waits for it wants to end. */
const LAST_LOOK_MS = 500;

/**
 * Notices when masters may have lost acknowledged writes. Each has a mark of this process: when it is gone, so is all
 * else. A server that was started anew or promoted says so by its run id and its replication id. What happened while
 * no process of this node ran is told by the marks that the one before has left, in the store and on this node's disk.
 */
export class RedisLossWatch {
  readonly #client: RedisClient;
  readonly #now: () => number;
  readonly #name = randomBytes(9).toString('base64url');
  readonly #timer: NodeJS.Timeout;
  /** By server, what identified it when it was seen last. */
  readonly #known = new Map<string, string>();
  /** This process' marks, by key. */
  #marks = new Map<string, Omit<StoreMark, 'since'>>();
  /** Those of processes before it that the store has not been asked for yet. */
  #found: readonly StoreMark[] = [];
  #since = Infinity;
  #lost: (loss: StoreLoss) => void = () => undefined;
  #keeper: MarkKeeper | undefined;
  #watching: Promise<void> | undefined;

  constructor(client: RedisClient, now: () => number) {
    this.#client = client;
    this.#now = now;
    this.#timer = setInterval(() => void this.#watch(), WATCH_EVERY_MS).unref();
    if (client instanceof Cluster)
      client.on('+node', (node: Redis) => node.once('ready', () => void this.#watch()));
    else client.on('ready', () => void this.#watch());
  }

  listen(lost: (loss: StoreLoss) => void, keeper?: MarkKeeper): void {
    this.#lost = lost;
    this.#keeper = keeper;
    this.#found = keeper?.marks.slice(-MAX_FOUND) ?? [];
    void this.#watch();
  }

  /** Leaves a last mark, where a server answers. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const lastLook = Promise.resolve(this.#watching).then(() => this.#watch(true));
    await Promise.race([lastLook, sleep(LAST_LOOK_MS, undefined, { ref: false })]);
  }

  #watch(isLast = false): Promise<void> {
    this.#watching ??= this.#lookAtAll(isLast).finally(() => (this.#watching = undefined));
    return this.#watching;
  }

  async #lookAtAll(isLast: boolean): Promise<void> {
    const isFirst = this.#known.size === 0;
    const servers = mastersOf(this.#client);
    const losses = await Promise.all(servers.map((server) => this.#look(server, isLast).catch(() => null)));
    const keys = servers.map((server) => this.#keyOn(server));
    this.#marks = new Map([...this.#marks].filter(([key]) => keys.includes(key)));
    const kind = losses.find((found) => found === 'emptied') ?? losses.find((found) => found !== null);
    if (kind && !isFirst) this.#lost({ kind });
    await this.#askForFound();
    const own = [...this.#marks.values()].map((mark) => ({ ...mark, since: this.#since }));
    if (own.length > 0) this.#keeper?.keep([...this.#found, ...own]);
  }

  async #look(server: Server, isLast: boolean): Promise<'emptied' | 'replaced' | null> {
    const { name, client } = server;
    const key = this.#keyOn(server);
    const replication = await client.info('replication');
    // The mark would be refused, and the client leaves whoever refuses a write: nobody could say what it is.
    if (fieldOf(replication, 'role') === 'slave') return null;
    const at = Math.floor(this.#now());
    const [mark, info] = await Promise.all([
      client.set(key, at, 'PX', this.#keeper ? MARK_MS : UNKEPT_MS, 'GET'),
      client.info('server'),
    ]);
    const identity = `${fieldOf(info, 'run_id')} ${fieldOf(replication, 'master_replid')}`;
    const before = this.#known.get(name);
    this.#known.set(name, identity);
    this.#since = Math.min(this.#since, at);
    this.#marks.set(key, { key, at, server: identity, isLast });
    // A master of a Cluster that is new here never had a mark.
    const hadMark = before !== undefined || !(this.#client instanceof Cluster);
    if (mark === null && hadMark) return 'emptied';
    return identity === before ? null : 'replaced';
  }

  /** Each until its server has answered. */
  async #askForFound(): Promise<void> {
    if (this.#found.length === 0) return;
    const unanswered = await Promise.all(
      this.#found.map(async (mark) => ((await this.#askFor(mark).catch(() => false)) ? [] : [mark])),
    );
    this.#found = unanswered.flat();
  }

  async #askFor(mark: StoreMark): Promise<boolean> {
    const server = this.#identityOf(mark.key);
    if (server === undefined) return false;
    const value = await this.#client.get(mark.key);
    const span = lostSince(mark, { value, server });
    if (span) this.#lost({ kind: 'unseen', ...span });
    if (value !== null) this.#since = Math.min(this.#since, mark.since);
    await this.#client.del(mark.key).catch(() => undefined);
    return true;
  }

  /** Of the server that holds a key, if it has been seen. */
  #identityOf(key: string): string | undefined {
    if (!(this.#client instanceof Cluster)) return this.#known.get(mastersOf(this.#client)[0]!.name);
    const tag = key.slice(key.indexOf('{') + 1, key.indexOf('}'));
    return this.#known.get(this.#client.slots[slotOfTag(tag)]?.[0] ?? '');
  }

  #keyOn({ tag }: Server): string {
    return `sd1:{${tag}}:mark:${this.#name}`;
  }
}

function fieldOf(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*)\r$`, 'm').exec(info)?.[1];
}
