import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Problem } from '../http/problems/problem.js';
import { Deliveries } from './deliveries.js';
import { EventOutbox } from './event-outbox.js';

/** Readers that wait for events at once. */
const MAX_WAITERS = 100;
/** Events that other nodes have kept are seen within this. */
const LOOK_MS = 500;

/** Readers that wait for the next event. While there are any, one look at the database serves all of them. */
@Injectable()
export class EventWaiters implements OnModuleDestroy {
  readonly #waiting = new Set<() => void>();
  #looking: NodeJS.Timeout | undefined;
  #seen: number | undefined;
  #isLeaving = false;

  constructor(
    private readonly deliveries: Deliveries,
    outbox: EventOutbox,
  ) {
    outbox.onKept(() => this.#wake());
  }

  /** The node shuts down: nothing waits any more. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Resolves when there may be new events, or after so long. @throws Problem `overloaded` */
  wait(ms: number): Promise<void> {
    if (this.#isLeaving) return Promise.resolve();
    if (this.#waiting.size >= MAX_WAITERS)
      throw new Problem(
        'overloaded',
        `${MAX_WAITERS} readers wait for events already: ask without wait, or later.`,
      );
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(limit);
        this.#waiting.delete(done);
        resolve();
      };
      const limit = setTimeout(done, ms);
      this.#waiting.add(done);
      this.#looking ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    });
  }

  onModuleDestroy(): void {
    this.#isLeaving = true;
    clearInterval(this.#looking);
    this.#wake();
  }

  async #look(): Promise<void> {
    if (this.#waiting.size === 0) {
      clearInterval(this.#looking);
      [this.#looking, this.#seen] = [undefined, undefined];
      return;
    }
    const end = await this.deliveries.store.events.end().catch(() => this.#seen);
    if (end !== this.#seen) this.#wake();
    this.#seen = end;
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
