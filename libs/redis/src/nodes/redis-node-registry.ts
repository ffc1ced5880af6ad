import { scripts } from '@sundial/lua';
import type { RedisClient } from '../connection/redis-connection.js';
import { VersionedScript, wholeNumber } from '../connection/versioned-script.js';
import { ruleKeys, type RuleKeys } from '../keys/rule-keys.js';

const HEARTBEAT = new VersionedScript(scripts.nodeHeartbeat);
/** A node that sent no heartbeat for this long is dead. */
const NODE_LIFETIME_MS = 3_000;
/** What a node says of itself outlives a few heartbeats, and needs no removal. */
const RECORD_LIFETIME_MS = 10_000;
/** Longer ones are not kept. */
const MAX_RECORD_LENGTH = 4_096;
/** Nodes of one list, in the order of their ids. */
const MAX_LISTED_NODES = 100;

export interface RedisNodeRegistryOptions {
  /** This node's name among the nodes of this Redis. */
  readonly nodeId: string;
  readonly keyPrefix?: string;
}

/** What a node says of itself, and asks. */
export interface NodeReport {
  /** The version of the rules that it applies; 0 for none. */
  readonly applied: number;
  /** The version to count the nodes of. */
  readonly wanted: number;
}

/** What a heartbeat answers: the nodes of this Redis, and which rules are stored there. */
export interface Heartbeat {
  /** The nodes of which a heartbeat was heard within the last 3 s, this one included. */
  readonly live: number;
  /** The live nodes that apply the wanted version, or a later one. */
  readonly applied: number;
  /** Version 0 and no stamp where none are stored: the poll of the rules costs no call of its own. */
  readonly rules: { readonly version: number; readonly stamp: string };
}

/** A node of this Redis, as the others know it. */
export interface ListedNode {
  readonly id: string;
  /** When its last heartbeat arrived, by the clock of Redis. */
  readonly seenAt: number;
  /** The version of the rules that it applies. */
  readonly applied: number;
  /** What it says of itself, which may be of another version; undefined where it says nothing. */
  readonly record: string | undefined;
}

/**
 * The nodes that share one Redis: which of them live, and which version of the rules each applies. Rules ask it how far
 * a change has come; policy `local` divides what is left of a limit by `live`.
 *
 * A node is in it from its first heartbeat until it leaves, or until none was heard of it for 3 s by the clock of Redis.
 * While Redis is away `live` and `rank` stay as they were: the nodes that shared a limit then share it still.
 */
export class RedisNodeRegistry {
  readonly #client: RedisClient;
  readonly #nodeId: string;
  readonly #keys: RuleKeys;
  #live = 1;
  #rank = 0;

  constructor(client: RedisClient, { nodeId, keyPrefix = 'sd1' }: RedisNodeRegistryOptions) {
    this.#client = client;
    this.#nodeId = nodeId;
    this.#keys = ruleKeys(keyPrefix);
  }

  /** The nodes that lived at the last heartbeat, this one included. */
  get live(): number {
    return this.#live;
  }

  get id(): string {
    return this.#nodeId;
  }

  /** This node's place among the live ones in the order of their names, from 0. */
  get rank(): number {
    return this.#rank;
  }

  /** Says that this node lives. @throws StoreError where Redis does not answer. */
  async heartbeat({ applied, wanted }: NodeReport): Promise<Heartbeat> {
    const keys = [this.#keys.book, this.#keys.nodes];
    const args = [this.#nodeId, applied, wanted, NODE_LIFETIME_MS];
    const [version, stamp, live, rank, reached] = await HEARTBEAT.run(this.#client, { keys, args });
    this.#live = wholeNumber(live);
    this.#rank = wholeNumber(rank);
    return {
      live: this.#live,
      applied: wholeNumber(reached),
      rules: { version: wholeNumber(version), stamp: String(stamp) },
    };
  }

  /** Says what this node is like. Waits for nothing: where Redis is away, nothing is said. */
  describe(record: string): void {
    if (this.#client.status !== 'ready' || record.length > MAX_RECORD_LENGTH) return;
    const key = this.#keys.nodeRecord(this.#nodeId);
    this.#client.set(key, record, 'PX', RECORD_LIFETIME_MS).catch(() => undefined);
  }

  /** The nodes that lived at `now` by the clock of Redis, the first `MAX_LISTED_NODES` of them. Rejects where Redis does not answer. */
  async list(now: number): Promise<readonly ListedNode[]> {
    const entries = Object.entries(await this.#client.hgetall(this.#keys.nodes));
    const live = entries
      .flatMap(([id, text]) => {
        const [, seenAt, applied] = /^(\d+):(\d+)$/.exec(text) ?? [];
        const isLive = Math.abs(now - Number(seenAt)) <= NODE_LIFETIME_MS;
        return isLive ? [{ id, seenAt: Number(seenAt), applied: Number(applied) }] : [];
      })
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .slice(0, MAX_LISTED_NODES);
    // Written at once, so one round trip.
    return Promise.all(
      live.map(async (node) => ({
        ...node,
        record: (await this.#client.get(this.#keys.nodeRecord(node.id))) ?? undefined,
      })),
    );
  }

  /** The others count without this node from now on. */
  async leave(): Promise<void> {
    await this.#client.hdel(this.#keys.nodes, this.#nodeId);
  }
}
