import type { DecisionPack, ReservationPack } from '@sundial/contract';
import type { Answer } from './answer.js';

/**
 * Packs: units beside the counters of a subject, which a take uses where its limits have no room. A take splits what it takes of
 * a meter: what fits in every limit is counted, the rest comes from the packs and is counted in no window. The packs of one
 * subject stand in for a meter; limits of other subjects must have room for all of it.
 */
export interface PackStore {
  /** Safe to repeat under the same id. */
  addPack(place: PackPlace, pack: NewPack): Answer<AddPackResult>;
  /** It is used no more; what is left of it stays with it. Safe to repeat. */
  cancelPack(place: PackPlace, id: string): Answer<CancelPackResult>;
  /** In the order in which they are used. */
  packsAt(place: PackPlace): Answer<PacksResult>;
}

/** The packs of a subject: `packsKeyOf` the key of one of its counters. */
export interface PackPlace {
  readonly key: string;
  readonly shardGroup: string;
}

export interface NewPack {
  /** `[A-Za-z0-9_-]{1,64}` */
  readonly id: string;
  readonly meter: string;
  readonly amount: number;
  readonly priority: number;
  /** Store clock; `Infinity` where it does not expire. */
  readonly expiresAt: number;
  /** What a repetition is compared by: one word. */
  readonly content: string;
}

/** A pack as a store remembers it. Epoch milliseconds, store clock. */
export interface StoredPack extends NewPack {
  readonly left: number;
  readonly createdAt: number;
  /** Then `expiresAt` is when it was. */
  readonly isCancelled: boolean;
}

/** `conflict`: the id is of another pack. `too-many`: there are `MAX_PACKS`, all of which can still be used. */
export type AddPackResult =
  | { readonly outcome: 'added' | 'replayed'; readonly packs: readonly StoredPack[] }
  | { readonly outcome: 'conflict' | 'too-many' | 'wrong-type' };
export type CancelPackResult =
  | { readonly outcome: 'cancelled'; readonly packs: readonly StoredPack[] }
  | { readonly outcome: 'not-found' | 'wrong-type' };
export type PacksResult =
  { readonly outcome: 'found'; readonly packs: readonly StoredPack[] } | { readonly outcome: 'wrong-type' };

/** By shard group, what packs there give. */
export type PacksOfGroups = ReadonlyMap<string, readonly ReservationPack[]>;

/** What a take took from a pack. */
export type TakenFromPack = DecisionPack;

/** The key of the packs that stand in for the limits of a counter; undefined for a key that no rule has. */
export function packsKeyOf(counterKey: string): string | undefined {
  const parts = COUNTER_KEY.exec(counterKey);
  return parts === null ? undefined : `${parts[1]!}:!packs${parts[2]!}`;
}

/** As `lua/shared/packs.lua` reads it: the slot, the rule and its zone, and the attributes behind the first one. */
const COUNTER_KEY = /^([^}]*\}):[^~]*~[^:]*(.*)$/s;

/** How long packs are remembered after the last of them has expired. */
export const REMEMBER_PACKS_MS = 24 * 60 * 60_000;

/** Reads packs as `lua/shared/packs.lua` writes them. */
export function decodePacks(text: string): StoredPack[] {
  return text
    .split(';')
    .slice(1)
    .map((line): StoredPack => {
      const [id, meter, left, expires, amount, priority, created, state, content] = line.split(' ');
      return {
        id: id!,
        meter: meter!,
        left: Number(left),
        expiresAt: expires === '-' ? Infinity : parseInt(expires!, 36),
        amount: Number(amount),
        priority: Number(priority),
        createdAt: parseInt(created!, 36),
        isCancelled: state === 'x',
        content: content!,
      };
    });
}

export function encodePacks(packs: readonly StoredPack[]): string {
  return packs
    .map(({ id, meter, left, expiresAt, amount, priority, createdAt, isCancelled, content }) => {
      const units = `${left} ${encodeExpiry(expiresAt)} ${amount}`;
      return `;${id} ${meter} ${units} ${priority} ${createdAt.toString(36)} ${isCancelled ? 'x' : 'a'} ${content}`;
    })
    .join('');
}

export function encodeExpiry(expiresAt: number): string {
  return expiresAt === Infinity ? '-' : Math.floor(expiresAt).toString(36);
}
