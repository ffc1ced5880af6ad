import { type CommitRequest, MAX_TTL_MS, type Quota } from '@sundial/contract';

/** How often a hold is extended in the time it lasts: two attempts may fail. */
const EXTENSIONS_A_TTL = 3;

export interface HoldOptions {
  readonly quota: Pick<Quota, 'commit' | 'release' | 'extend'>;
  readonly id: string;
  readonly ttlMs: number;
  readonly logs: HoldLogs;
}

/** Where it is said why something could not be done about reservations, each at its own pace. */
export interface HoldLogs {
  readonly notEnded: Warning;
  readonly notExtended: Warning;
}

/** A log that says one thing: what happened; and each time why. */
export interface Warning {
  warn(why: string): void;
}

/**
 * The reservation of one call. It is extended while the call runs, for a day at most, and ended once. That it cannot be
 * ended fails no call: it is logged, and the reservation expires by its `onExpiry`.
 */
export class Hold {
  readonly #options: HoldOptions;
  readonly #everyMs: number;
  readonly #timer: NodeJS.Timeout;
  #extensionsLeft: number;
  /** Monotonic. */
  #extendedAt = performance.now();
  #isEnded = false;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#everyMs = options.ttlMs / EXTENSIONS_A_TTL;
    this.#extensionsLeft = Math.floor(MAX_TTL_MS / this.#everyMs);
    this.#timer = setInterval(() => void this.#extend(), this.#everyMs).unref();
  }

  /** From now on only `move` extends it: a stream that is never read would hold its units for a day. */
  followStream(): void {
    clearInterval(this.#timer);
  }

  /** An item of the stream came by. */
  move(): void {
    if (!this.#isEnded && performance.now() - this.#extendedAt >= this.#everyMs) void this.#extend();
  }

  async commit(used: CommitRequest): Promise<void> {
    await this.#end('commit', ({ quota, id }) => quota.commit(id, used));
  }

  async release(): Promise<void> {
    await this.#end('release', ({ quota, id }) => quota.release(id));
  }

  /** Leaves it to another call, or to its expiry. */
  abandon(): void {
    this.#isEnded = true;
    clearInterval(this.#timer);
  }

  async #end(verb: string, end: (options: HoldOptions) => Promise<unknown>): Promise<void> {
    if (this.#isEnded) return;
    this.abandon();
    try {
      await end(this.#options);
    } catch (error) {
      this.#options.logs.notEnded.warn(`its ${verb} failed, so it expires by its onExpiry. ${String(error)}`);
    }
  }

  async #extend(): Promise<void> {
    this.#extendedAt = performance.now();
    if (this.#extensionsLeft-- <= 0) return clearInterval(this.#timer);
    const { quota, id, ttlMs, logs } = this.#options;
    try {
      await quota.extend(id, { ttlMs });
    } catch (error) {
      if (this.#isEnded) return;
      if (isOver(error)) {
        this.#extensionsLeft = 0;
        clearInterval(this.#timer);
      }
      logs.notExtended.warn(`where it expires before the call ends, its commit is late. ${String(error)}`);
    }
  }
}

/** Whether no later extension can succeed either. */
function isOver(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === 'reservation-ended' || code === 'reservation-not-found';
}
