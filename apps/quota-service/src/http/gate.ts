import type { Socket } from 'node:net';
import { Problem } from '../problems/problem.js';
import { MAX_BATCHES_IN_FLIGHT, MAX_REQUESTS_IN_FLIGHT, RETRY_AFTER_S } from './bounds.js';

/**
 * Counts requests from their headers to the last byte of their answer, turns away those above its capacity, and all
 * of them once shut.
 *
 * It counts by socket: a socket that closes gives back all it held, since Node tells nothing about answers that were
 * still queued behind others on it.
 */
export class Gate {
  readonly #held = new WeakMap<Socket, number>();
  #inFlight = 0;
  #isShut = false;
  #onDrained: (() => void) | undefined;

  constructor(private readonly capacity: number) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Lets a request in, or says why not. One that was let in leaves by `leave`, or with its socket. */
  enter(socket: Socket): Problem | undefined {
    if (this.#isShut) return SHUTTING_DOWN;
    if (this.#inFlight >= this.capacity) return OVERLOADED;
    const held = this.#held.get(socket);
    if (held === undefined) socket.once('close', () => this.#release(socket, Infinity));
    this.#held.set(socket, (held ?? 0) + 1);
    this.#inFlight += 1;
    return undefined;
  }

  leave(socket: Socket): void {
    this.#release(socket, 1);
  }

  /** Lets nobody in any more, and resolves when the last one has left. */
  async shut(): Promise<void> {
    this.#isShut = true;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onDrained = resolve));
  }

  #release(socket: Socket, count: number): void {
    const held = this.#held.get(socket) ?? 0;
    const released = Math.min(count, held);
    this.#held.set(socket, held - released);
    this.#inFlight -= released;
    if (this.#inFlight === 0) this.#onDrained?.();
  }
}

/** Heavy requests have a gate of their own, so that they cannot crowd out the light ones. */
export class Gates {
  readonly light = new Gate(MAX_REQUESTS_IN_FLIGHT);
  readonly heavy = new Gate(MAX_BATCHES_IN_FLIGHT);

  get inFlight(): number {
    return this.light.inFlight + this.heavy.inFlight;
  }

  async shut(): Promise<void> {
    await Promise.all([this.light.shut(), this.heavy.shut()]);
  }
}

const LATER = { headers: { 'retry-after': String(RETRY_AFTER_S) } };
/** Made once: turning a request away must cost less than serving it. */
const OVERLOADED = new Problem(
  'overloaded',
  'This node has all the requests it can hold: try again, or another node.',
  LATER,
);
const SHUTTING_DOWN = new Problem('shutting-down', 'This node is shutting down: try another one.', LATER);
