import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Door } from '../admission/door.js';
import { LOG, type Log } from '../../logging/log.js';
import { SETTINGS, type Settings } from '../../config/settings.js';

/**
 * How a node leaves without losing anything: readiness fails at once; for the lame-duck time requests are still
 * served while load balancers turn away; then new ones get 503 and those in flight may finish within the grace.
 * After that Nest closes the connections, and `AppModule` the engine and its store.
 */
@Injectable()
export class Lifecycle implements OnModuleDestroy, BeforeApplicationShutdown {
  #isLeaving = false;

  constructor(
    private readonly door: Door,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** From the stop signal on: not ready, and connections are closed after each answer. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  onModuleDestroy(): void {
    this.#isLeaving = true;
    this.log.info({ inFlight: this.door.inFlight.count }, 'shutting down');
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { lameDuckMs, shutdownGraceMs } = this.settings;
    await sleep(lameDuckMs);
    const grace = new AbortController();
    await Promise.race([
      this.door.inFlight.shut(),
      sleep(shutdownGraceMs, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    if (this.door.inFlight.count > 0)
      this.log.warn(
        { inFlight: this.door.inFlight.count },
        'the shutdown grace is over: the node cuts off the requests in flight',
      );
  }
}
