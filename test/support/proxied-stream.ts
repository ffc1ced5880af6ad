import type { Socket } from 'node:net';

/** What is wrong with one direction of a proxy. */
export interface Toxic {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly swallow: boolean;
  readonly bytesPerSecond: number;
}

interface Parcel {
  readonly dueAt: number;
  readonly content: Buffer | 'end';
}

/** How often a trickle brings some bytes. */
const TRICKLE_MS = 10;

/** One direction of a proxied connection. Bytes leave in the order they came, each chunk when it is due. */
export class ProxiedStream {
  readonly #parcels: Parcel[] = [];
  #timer: NodeJS.Timeout | undefined;
  #hasHole = false;
  #isNumb = false;
  /** When a trickle will have brought all that came before. */
  #freeAt = 0;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly toxic: () => Toxic,
  ) {
    from.setNoDelay(true);
    from.on('data', (chunk) => this.#accept(chunk));
    from.on('end', () => this.#accept('end'));
    from.on('error', () => undefined);
    from.on('close', (hadError) => this.#closed(hadError));
  }

  /** Bytes or the end were swallowed: no real network would ever let this stream go on. */
  get hasHole(): boolean {
    return this.#hasHole;
  }

  /** From now on it swallows everything, whatever the proxy does. */
  numb(): void {
    this.#isNumb = true;
    this.#hasHole = true;
  }

  #accept(content: Buffer | 'end'): void {
    const { delayMs, jitterMs, bytesPerSecond } = this.toxic();
    if (this.#swallows) {
      this.#hasHole = true;
      return;
    }
    const now = performance.now();
    const dueAt = now + Math.max(0, delayMs + jitterMs * (2 * Math.random() - 1));
    if (bytesPerSecond === Infinity) this.#parcels.push({ dueAt, content });
    else this.#trickle(content, now, Math.max(1, Math.round((bytesPerSecond * TRICKLE_MS) / 1_000)));
    this.#deliverDue();
  }

  get #swallows(): boolean {
    return this.#isNumb || this.toxic().swallow;
  }

  #trickle(content: Buffer | 'end', now: number, bytes: number): void {
    this.#freeAt = Math.max(this.#freeAt, now);
    if (content === 'end') {
      this.#parcels.push({ dueAt: this.#freeAt, content });
      return;
    }
    for (let at = 0; at < content.length; at += bytes) {
      this.#freeAt += TRICKLE_MS;
      this.#parcels.push({ dueAt: this.#freeAt, content: content.subarray(at, at + bytes) });
    }
  }

  #deliverDue(): void {
    clearTimeout(this.#timer);
    for (let next = this.#parcels[0]; next; next = this.#parcels[0]) {
      const restMs = next.dueAt - performance.now();
      if (restMs > 0) {
        this.#timer = setTimeout(() => this.#deliverDue(), Math.ceil(restMs));
        return;
      }
      this.#parcels.shift();
      this.#deliver(next.content);
    }
  }

  #deliver(content: Buffer | 'end'): void {
    if (this.to.destroyed) return;
    if (content === 'end') {
      this.to.end();
    } else if (!this.to.write(content) && !this.from.isPaused()) {
      this.from.pause();
      this.to.once('drain', () => this.from.resume());
    }
  }

  /** A reset goes through at once; an orderly end has already been sent on, in its turn. */
  #closed(hadError: boolean): void {
    if (this.#swallows) this.#hasHole = true;
    else if (hadError) this.to.resetAndDestroy();
    if (this.to.destroyed) clearTimeout(this.#timer);
  }
}
