import type { Socket } from 'node:net';

/**
 * Counts bytes of bodies from when they are held until their answers are through. It counts by socket: one that closes
 * gives back all it held, since there is no answer then that would end its requests.
 */
export class HeldBytes {
  readonly #bySocket = new WeakMap<Socket, number>();
  #total = 0;

  /** `onReleased` is called when there are fewer. */
  constructor(private readonly onReleased: () => void = () => undefined) {}

  get total(): number {
    return this.#total;
  }

  hold(socket: Socket, bytes: number): void {
    if (socket.closed) return;
    const held = this.#bySocket.get(socket);
    if (held === undefined) socket.once('close', () => this.release(socket, Infinity));
    this.#bySocket.set(socket, (held ?? 0) + bytes);
    this.#total += bytes;
  }

  /** At most what the socket holds. */
  release(socket: Socket, bytes: number): void {
    const held = this.#bySocket.get(socket) ?? 0;
    const released = Math.min(bytes, held);
    if (released > 0) this.#bySocket.set(socket, held - released);
    this.#total -= released;
    if (released > 0) this.onReleased();
  }
}
