import { randomBytes } from 'node:crypto';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from './redis-connection.js';
import { mastersOf, type Server } from './redis-examiner.js';
import type { StoreLoss } from './store.js';

/** A server that was emptied is found out within this; one that was restarted or replaced, as it is connected to. */
const WATCH_EVERY_MS = 1_000;
/** A mark that nobody renews goes away. */
const MARK_MS = 60 * 60_000;

/**
 * Notices when masters may have lost acknowledged writes. Each has a mark of this node: when it is gone, so is all
 * else. A server that was started anew or promoted says so by its run id and its replication id.
 */
export class RedisLossWatch {
  readonly #client: RedisClient;
  readonly #name = randomBytes(9).toString('base64url');
  readonly #timer: NodeJS.Timeout;
  /** By server, what identified it when it was seen last. */
  readonly #known = new Map<string, string>();
  #lost: (loss: StoreLoss) => void = () => undefined;
  #isWatching = false;

  constructor(client: RedisClient) {
    this.#client = client;
    this.#timer = setInterval(() => void this.#watch(), WATCH_EVERY_MS).unref();
    if (client instanceof Cluster)
      client.on('+node', (node: Redis) => node.once('ready', () => void this.#watch()));
    else client.on('ready', () => void this.#watch());
  }

  listen(lost: (loss: StoreLoss) => void): void {
    this.#lost = lost;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const isFirst = this.#known.size === 0;
    const losses = await Promise.all(
      mastersOf(this.#client).map((server) => this.#look(server).catch(() => undefined)),
    );
    this.#isWatching = false;
    if (isFirst) return;
    const loss = losses.find((found) => found === 'emptied') ?? losses.find((found) => found !== undefined);
    if (loss) this.#lost(loss);
  }

  async #look({ name, client, tag }: Server): Promise<StoreLoss | undefined> {
    const key = `sd1:{${tag}}:mark:${this.#name}`;
    const [mark, server, replication] = await Promise.all([
      client.set(key, '1', 'PX', MARK_MS, 'GET'),
      client.info('server'),
      client.info('replication'),
    ]);
    const identity = `${fieldOf(server, 'run_id')} ${fieldOf(replication, 'master_replid')}`;
    const before = this.#known.get(name);
    this.#known.set(name, identity);
    // A master of a Cluster that is new here never had a mark.
    const hadMark = before !== undefined || !(this.#client instanceof Cluster);
    if (mark === null && hadMark) return 'emptied';
    return identity === before ? undefined : 'replaced';
  }
}

function fieldOf(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*)\r$`, 'm').exec(info)?.[1];
}
