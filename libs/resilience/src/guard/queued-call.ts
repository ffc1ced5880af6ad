import { performance } from 'node:perf_hooks';
import type { Deadline } from './deadline-queue.js';
import type { SomeShards } from './guarded-shards.js';
import type { WaitingCall } from './waiting-calls.js';

/** Answers the caller. Once only: who calls it sets `isDone`. */
export type GiveUp = (answer: unknown) => void;

/**
 * A call that waits to be sent or is in flight: the shards it goes to, the generation of each, and the caller that
 * waits.
 */
export class QueuedCall implements WaitingCall {
  readonly giveUp: GiveUp;
  readonly resource: string;
  readonly shards: SomeShards;
  readonly generation: number;
  /** Monotonic. */
  readonly askedAt = performance.now();
  /** Since it was sent. */
  deadline: Deadline<QueuedCall> | undefined;
  /** Store clock: when it must have started. */
  startBy: number | undefined;
  isWaiting = false;
  /** Its caller has an answer. */
  isDone = false;

  constructor(
    giveUp: GiveUp,
    {
      resource,
      shards,
      generation,
    }: { readonly resource: string; readonly shards: SomeShards; readonly generation: number },
  ) {
    this.giveUp = giveUp;
    this.resource = resource;
    this.shards = shards;
    this.generation = generation;
  }
}
