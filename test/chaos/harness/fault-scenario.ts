import type { Flood } from './flood/flood.js';
import type { Random } from './random.js';

/** A fault that goes on. */
export interface Injection {
  /** Ends it, and returns when what it affected answers again. */
  heal(): unknown;
  /** Where another server takes over: resolves when it has. Recovery counts from then. */
  readonly replaced?: Promise<unknown>;
}

/** What the seed says of one time that a fault happens. */
export interface InjectionContext {
  readonly random: Random;
  readonly lastsMs: number;
  /** A user who is asked for most often right now. */
  readonly busyUser: string;
  /** Callers in a process of their own that wait for a command to begin; only for scenarios that `floods`. */
  readonly flood: Flood | undefined;
}

/** Something that can happen to a site: to its Redis, its network, or its nodes. */
export interface FaultScenario<Site> {
  readonly name: string;
  /** How long it lasts; the seed says. Where another server has to take over: at least. */
  readonly lastsMs: readonly [least: number, most: number];
  /** Everything the store had is lost with it; only nodes that were there can replay it. */
  readonly empties?: boolean;
  /** Another server takes over, which may lack the last writes. */
  readonly losesWrites?: boolean;
  /** A node starts again, and no longer knows what it could replay. */
  readonly restartsNode?: boolean;
  /** Nothing is done to Redis, or nothing that a healthy one may not do: no check may be decided without it (I16). */
  readonly sparesRedis?: boolean;
  /** It overloads a node: `flood` is started before the load begins, which its start would disturb. */
  readonly floods?: boolean;
  inject(site: Site, context: InjectionContext): Injection | Promise<Injection>;
}
