import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from '../connection/redis-connection.js';

/** A Cluster's subscriber that lost its node tries another one after this long. */
const REOPEN_MS = 100;

/**
 * Calls `hear` when a change of the rules is announced, and whenever the subscription was renewed, since what was
 * announced in between is lost for ever. Pub/Sub promises nothing: a listener here polls as well.
 *
 * It has a connection of its own. In a Cluster every node passes on what is published on any, so it subscribes at one
 * of them; not through `Cluster.subscribe`, which looks for another node without a pause, a whole core long, while
 * none can be reached (ioredis 6.0.0).
 */
export class RedisRuleAnnouncements {
  readonly #client: RedisClient;
  readonly #channel: string;
  readonly #hear: () => void;
  #subscriber: Redis | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(client: RedisClient, channel: string, hear: () => void) {
    this.#client = client;
    this.#channel = channel;
    this.#hear = hear;
    client.on('ready', this.#follow);
    this.#open();
  }

  close(): void {
    this.#closed = true;
    this.#client.off('ready', this.#follow);
    clearTimeout(this.#timer);
    this.#subscriber?.disconnect();
  }

  /** No node announces anything on a master that was replaced. */
  readonly #follow = (): void => {
    if (this.#client instanceof Cluster || this.#subscriber?.status !== 'ready') return;
    if (serverOf(this.#subscriber) !== serverOf(this.#client)) this.#subscriber.disconnect();
  };

  #open(): void {
    const subscriber = subscriberOf(this.#client);
    if (!subscriber) return this.#openLater();
    this.#subscriber = subscriber;
    subscriber.on('error', () => undefined);
    subscriber.on('ready', () => {
      subscriber.subscribe(this.#channel).then(this.#hear, () => undefined);
    });
    subscriber.on('message', () => this.#hear());
    subscriber.once('end', () => this.#openLater());
  }

  #openLater(): void {
    if (!this.#closed) this.#timer = setTimeout(() => this.#open(), REOPEN_MS).unref();
  }
}

function serverOf({ stream }: Redis): string {
  return `${stream.remoteAddress}:${stream.remotePort}`;
}

/**
 * ioredis leaves the promise of its own re-subscription unhandled, so no subscriber may re-subscribe by itself. A server
 * that is loading takes subscriptions too, so none has to ask whether it is (by INFO, which may be forbidden).
 */
const SUBSCRIBER = { autoResubscribe: false, enableReadyCheck: false } as const;

function subscriberOf(client: RedisClient): Redis | undefined {
  if (!(client instanceof Cluster)) return client.duplicate(SUBSCRIBER);
  const nodes = client.nodes();
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  return node?.duplicate({ ...SUBSCRIBER, lazyConnect: false, retryStrategy: () => null });
}
