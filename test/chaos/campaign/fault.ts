import type { Caller } from './caller.js';
import type { Random } from './random.js';

/** A fault that goes on. */
export interface Wound {
  /** Ends it, and returns when what it struck answers again. */
  heal(): unknown;
  /** Where another server takes over: resolves when it has. Recovery counts from then. */
  readonly replaced?: Promise<unknown>;
}

/** What the seed says of one time that a fault happens. */
export interface Blow {
  readonly random: Random;
  readonly lastsMs: number;
  /** Somebody who is asked for most often right now. */
  readonly busyUser: string;
  /** Who asks the nodes, for faults that are about being asked. */
  readonly caller: Caller;
}

/** Something that can happen to a site: to its Redis, its network, or its nodes. */
export interface Fault<Site> {
  readonly name: string;
  /** How long it lasts; the seed says. Where another server has to take over: at least. */
  readonly lastsMs: readonly [least: number, most: number];
  /** Everything the store had is lost with it; only nodes that were there can tell it again. */
  readonly empties?: boolean;
  /** A node begins anew, and no longer knows what it could tell again. */
  readonly restartsNode?: boolean;
  /** Nothing is done to Redis, or nothing that a healthy one may not do: no check may be decided without it. */
  readonly sparesRedis?: boolean;
  strike(site: Site, blow: Blow): Wound | Promise<Wound>;
}
