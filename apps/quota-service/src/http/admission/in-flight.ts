import type { Socket } from 'node:net';
import { FairQueue } from '@sundial/engine';
import { MAX_QUEUED_A_SOCKET } from '../bounds.js';

/**
 * Counts requests from their headers to the last byte of their answer, those that wait for admission included, and says
 * which sockets are read.
 *
 * It counts by socket: a socket that closes gives back all it held, since Node reports nothing about answers that were
 * still queued behind others on it. One that pipelines more requests than it is answered is not read until it is. One
 * that is parked is not read until its turn comes: its next request waits in the system's buffers, where it costs nothing.
 */
export class InFlight {
  readonly #states = new WeakMap<Socket, SocketState>();
  readonly #parked = new FairQueue<Socket>();
  #count = 0;
  #isShut = false;
  #onDrained: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  /** Sockets that are not read. */
  get parked(): number {
    return this.#parked.size;
  }

  /** No more are let in. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** A request that was let in leaves by `leave`, or with its socket. */
  enter(socket: Socket): void {
    const state = this.#states.get(socket) ?? this.#follow(socket);
    state.held += 1;
    this.#count += 1;
    if (state.held >= MAX_QUEUED_A_SOCKET) socket.pause();
  }

  leave(socket: Socket): void {
    const state = this.#states.get(socket);
    if (state === undefined || state.held === 0) return;
    state.held -= 1;
    this.#count -= 1;
    if (state.held === MAX_QUEUED_A_SOCKET - 1 && !state.isParked) socket.resume();
    if (this.#count === 0) this.#onDrained?.();
  }

  /** Reads no more of a socket whose requests are answered, until it is one of those that `unpark` takes: of each key in turn. */
  park(socket: Socket, fairnessKey: string): void {
    const state = this.#states.get(socket);
    if (state === undefined || state.isParked || state.held > 0 || this.#isShut || socket.destroyed) return;
    state.isParked = true;
    socket.pause();
    this.#parked.add(socket, fairnessKey);
  }

  unpark(sockets: number): void {
    for (const socket of this.#parked.take(sockets)) {
      this.#states.get(socket)!.isParked = false;
      socket.resume();
    }
  }

  /** Resolves when the last request has left. */
  async shut(): Promise<void> {
    this.#isShut = true;
    this.unpark(Infinity);
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#onDrained = resolve));
  }

  /** Node resumes a socket itself when it has read a body; the pause holds all the same. */
  #follow(socket: Socket): SocketState {
    const state = { held: 0, isParked: false };
    this.#states.set(socket, state);
    socket.once('close', () => {
      this.#count -= state.held;
      state.held = 0;
      if (this.#count === 0) this.#onDrained?.();
    });
    socket.on('resume', () => {
      if (state.isParked || state.held >= MAX_QUEUED_A_SOCKET) socket.pause();
    });
    return state;
  }
}

interface SocketState {
  /** Requests without a complete answer. */
  held: number;
  isParked: boolean;
}
