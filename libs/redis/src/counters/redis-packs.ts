import {
  decodePacks,
  encodeExpiry,
  MARGIN_MS,
  REMEMBER_PACKS_MS,
  type AddPackResult,
  type CancelPackResult,
  type NewPack,
  type PackPlace,
  type PacksResult,
  type PackStore,
  type StoredPack,
} from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript } from '../connection/redis-script.js';
import { FORMAT } from './reply-words.js';

/** Packs on Redis, each subject's under one key beside its counters. */
export class RedisPacks implements PackStore {
  readonly #script = new RedisScript(scripts.packs);

  constructor(
    private readonly client: RedisClient,
    private readonly offsetMs: number,
  ) {}

  addPack(place: PackPlace, pack: NewPack): Promise<AddPackResult> {
    const { id, meter, amount, expiresAt, priority, content } = pack;
    const words = `${meter} ${amount} ${encodeExpiry(expiresAt)} ${priority} ${content}`;
    return this.#run(place, `add ${id}`, words);
  }

  cancelPack(place: PackPlace, id: string): Promise<CancelPackResult> {
    return this.#run(place, `cancel ${id}`);
  }

  packsAt(place: PackPlace): Promise<PacksResult> {
    return this.#run(place, 'look');
  }

  /** @throws StoreError saying whether it may have changed anything. */
  async #run<Result extends { readonly outcome: string }>(
    { key }: PackPlace,
    ...args: readonly string[]
  ): Promise<Result> {
    const header = `${FORMAT} ${this.offsetMs} ${REMEMBER_PACKS_MS} ${MARGIN_MS}`;
    const reply = String(await this.#script.run(this.client, { keys: [key], args: [header, ...args] }));
    const [format, , outcome = ''] = reply.split(' ', 3);
    if (format !== FORMAT) throw new TypeError(`packs.lua answered ${JSON.stringify(reply)}`);
    const packs: StoredPack[] = decodePacks(reply);
    return (WITH_PACKS.has(outcome) ? { outcome, packs } : { outcome }) as unknown as Result;
  }
}

const WITH_PACKS: ReadonlySet<string> = new Set(['added', 'replayed', 'cancelled', 'found']);
