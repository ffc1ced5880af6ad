import { performance } from 'node:perf_hooks';
import type { StoreGuard } from '../guard/store-guard.js';
import {
  SettlementGroups,
  type SettlementGroupsOptions,
  type SettlementProducer,
} from './settlement-groups.js';

/** How soon a settlement is tried when nothing says that the store is away. */
export const TURN_MS = 20;
/** After an outage each node waits up to this long, so that not all of them begin in the same moment. */
const JITTER_MS = 100;

export interface SettlementPumpOptions extends SettlementGroupsOptions {
  readonly guard: Pick<StoreGuard, 'ask' | 'isCutOff'>;
  /** Called each turn, also while the store is away. */
  readonly onTurn?: () => void;
}

/**
 * Sends to the store what its producers have, turn by turn while there is something: in groups, each producer's at a
 * pace of its own. It rests while no part of the store is asked, and resumes with jitter.
 */
export class SettlementPump {
  readonly #options: SettlementPumpOptions;
  readonly #producers: Pick<SettlementGroups<unknown>, 'waiting' | 'run' | 'close'>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #resumesAt = 0;
  #isClosed = false;

  constructor(options: SettlementPumpOptions) {
    this.#options = options;
  }

  add<T>(producer: SettlementProducer<T>): void {
    this.#producers.push(new SettlementGroups(producer, this.#options));
  }

  /** A producer has something to send. */
  wake(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const producer of this.#producers) producer.close();
  }

  #turn(): void {
    this.#timer = undefined;
    this.#options.onTurn?.();
    const now = performance.now();
    const waiting = this.#producers.filter((producer) => producer.waiting > 0);
    if (this.#options.guard.isCutOff) this.#resumesAt = now + Math.random() * JITTER_MS;
    else if (now >= this.#resumesAt) for (const producer of waiting) void producer.run();
    if (waiting.length > 0) this.wake();
  }
}
