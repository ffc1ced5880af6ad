import type { SettleResult } from '@sundial/engine/ports';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript } from '../connection/redis-script.js';
import {
  decodeSettlements,
  encodeSettlements,
  type SettleCodec,
  type SettleItem,
} from './redis-settle-batch.js';

/** Settlements in one script call: keeps Redis free for checks every few hundred microseconds. */
const MAX_BATCH = 32;

/** A settlement, and what it may travel with. */
export interface QueuedSettlement extends SettleItem {
  /** What may be in one script call. */
  readonly group: string;
}

/**
 * Settlements on their way to Redis: those that are asked at once travel together. How many there are at once is the
 * business of those who ask, and so it is bounded there.
 */
export class RedisSettleQueue {
  readonly #script: RedisScript;
  #waiting: Waiting[] = [];

  constructor(
    private readonly codec: SettleCodec,
    private readonly client: RedisClient,
    private readonly offsetMs: number,
  ) {
    this.#script = new RedisScript(codec.lua);
  }

  /** @throws StoreError saying whether it may have been settled. */
  ask({ request, place, rememberUntil, group }: QueuedSettlement): Promise<SettleResult> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push({ request, place, rememberUntil, group, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const together of splitByGroup(waiting)) {
      for (let from = 0; from < together.length; from += MAX_BATCH) {
        void this.#send(together.slice(from, from + MAX_BATCH));
      }
    }
  }

  async #send(call: readonly Waiting[]): Promise<void> {
    try {
      const script = encodeSettlements(call, this.offsetMs, (item) => this.codec.identity(item));
      const settled = decodeSettlements(call, await this.#script.run(this.client, script));
      for (const { item, result } of settled) item.resolve(result);
    } catch (error) {
      for (const { reject } of call) reject(error);
    }
  }
}

interface Waiting extends QueuedSettlement {
  readonly resolve: (result: SettleResult) => void;
  readonly reject: (error: unknown) => void;
}

function splitByGroup(settlements: readonly Waiting[]): Iterable<readonly Waiting[]> {
  const [first] = settlements;
  if (settlements.every(({ group }) => group === first?.group)) return [settlements];
  const groups = new Map<string, Waiting[]>();
  for (const settlement of settlements) {
    const together = groups.get(settlement.group);
    if (together) together.push(settlement);
    else groups.set(settlement.group, [settlement]);
  }
  return groups.values();
}
