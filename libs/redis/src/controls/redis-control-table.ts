import {
  type ControlRecord,
  decodeRecord,
  encodeRecord,
  KEEP_ENDED_MS,
  MAX_CONTROL_RECORDS,
} from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import { randomUUID } from 'node:crypto';
import type { RedisClient } from '../connection/redis-connection.js';
import { VersionedScript, wholeNumber } from '../connection/versioned-script.js';
import { ruleKeys, type RuleKeys } from '../keys/rule-keys.js';

const MERGE = new VersionedScript(scripts.controlsMerge);
const HEARTBEAT = new VersionedScript(scripts.nodeHeartbeat);
/** A node that sent no heartbeat for this long is dead. */
const NODE_LIFETIME_MS = 3_000;
/** Records in one call. */
const RECORDS_AT_ONCE = 200;
const FIELD = 'control:';

/** A writing of the controls; version 0 and no stamp where there are none. */
interface ControlsName {
  readonly version: number;
  readonly stamp: string;
}

/** What is stored, and what of it this version of Sundial cannot read. */
export interface StoredControls extends ControlsName {
  readonly records: ReadonlyMap<string, ControlRecord>;
  readonly unreadable: readonly Error[];
}

/** What a heartbeat answers: the nodes that follow the controls, and what is stored. */
export interface ControlsHeartbeat {
  readonly stored: ControlsName;
  readonly live: number;
  /** The live nodes that have the wanted version in force, or a later one. */
  readonly applied: number;
}

/** Gates, brakes and drills in Redis, under the hash tag of the rules. Each call may reject. */
export class RedisControlTable {
  readonly #client: RedisClient;
  readonly #keys: RuleKeys;
  readonly #node: string;

  constructor(client: RedisClient, node: string, keyPrefix: string) {
    this.#client = client;
    this.#node = node;
    this.#keys = ruleKeys(keyPrefix);
  }

  get connected(): boolean {
    return this.#client.status === 'ready';
  }

  /** Says which version this node has in force, and counts those that have the wanted one. */
  async heartbeat(applied: number, wanted: number): Promise<ControlsHeartbeat> {
    const keys = [this.#keys.controls, this.#keys.controlNodes];
    const args = [this.#node, applied, wanted, NODE_LIFETIME_MS];
    const [version, stamp, live, , reached] = await HEARTBEAT.run(this.#client, { keys, args });
    const stored = { version: wholeNumber(version), stamp: String(stamp) };
    return { stored, live: wholeNumber(live), applied: wholeNumber(reached) };
  }

  async read(): Promise<StoredControls> {
    const { version = '0', stamp = '', ...fields } = await this.#client.hgetall(this.#keys.controls);
    const records = new Map<string, ControlRecord>();
    const unreadable: Error[] = [];
    for (const [field, text] of Object.entries(fields)) {
      const key = field.slice(FIELD.length);
      try {
        records.set(key, decodeRecord(key, text));
      } catch (error) {
        unreadable.push(error as Error);
      }
    }
    return { version: wholeNumber(version), stamp, records, unreadable };
  }

  /** Stores those that are later than what is stored, and announces them. `now` is the store's clock. */
  async merge(records: readonly ControlRecord[], now: number): Promise<void> {
    for (let from = 0; from < records.length; from += RECORDS_AT_ONCE) {
      const texts = records
        .slice(from, from + RECORDS_AT_ONCE)
        .flatMap((record) => [record.key, encodeRecord(record)]);
      const bounds = [Math.round(now), KEEP_ENDED_MS, MAX_CONTROL_RECORDS];
      const args = [this.#keys.channel, randomUUID(), ...bounds, ...texts];
      await MERGE.run(this.#client, { keys: [this.#keys.controls], args });
    }
  }

  /** The others count without this node from now on. */
  async leave(): Promise<void> {
    await this.#client.hdel(this.#keys.controlNodes, this.#node);
  }
}
