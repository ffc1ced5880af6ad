import type { Socket } from 'node:net';
import { ActorShares, type Share } from './actor-shares.js';

/** Smaller answers are counted only where their socket has not taken what came before them. */
export const COUNTED_BYTES = 16 * 1024;

/** An answer whose bytes are in this node's memory until the system has taken the last of them. */
export interface UnreadAnswer extends Share {
  readonly socket: Socket;
}

/**
 * Bounds the bytes of answers that callers have not read, over all sockets. Where the next answer does not fit, the
 * connection with the oldest answer of the actor that has most of them is ended, then the next one. So a caller who reads
 * slowly keeps his answers while there is room, and while another actor has more. One answer that is larger than all of it
 * is sent all the same.
 */
export class UnreadAnswers {
  readonly #shares: ActorShares<UnreadAnswer>;
  readonly #bySocket = new WeakMap<Socket, Set<UnreadAnswer>>();
  #ended = 0;

  /** `onEnded` gets the answer for which a connection is ended. */
  constructor(
    maxBytes: number,
    private readonly onEnded: (answer: UnreadAnswer) => void,
  ) {
    this.#shares = new ActorShares(maxBytes);
  }

  get bytes(): number {
    return this.#shares.bytes;
  }

  /** Connections that were ended to make room. */
  get ended(): number {
    return this.#ended;
  }

  /** Counts an answer that is about to be sent, until `release` or the end of its socket. Undefined: it is not counted. */
  hold(socket: Socket, actor: string, bytes: number): UnreadAnswer | undefined {
    if (bytes < COUNTED_BYTES && socket.writableLength === 0) return undefined;
    const answer = { socket, actor, bytes };
    for (let oldest = this.#shares.givingWayTo(answer); oldest; oldest = this.#shares.givingWayTo(answer)) {
      this.#end(oldest);
    }
    if (socket.destroyed) return undefined;
    this.#answersOn(socket).add(answer);
    this.#shares.add(answer);
    return answer;
  }

  /** The system has taken all of it. */
  release(answer: UnreadAnswer): void {
    if (this.#bySocket.get(answer.socket)?.delete(answer)) this.#shares.remove(answer);
  }

  #end(oldest: UnreadAnswer): void {
    this.#ended++;
    this.onEnded(oldest);
    oldest.socket.destroy();
    this.#releaseAll(this.#answersOn(oldest.socket));
  }

  #answersOn(socket: Socket): Set<UnreadAnswer> {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const answers = new Set<UnreadAnswer>();
    this.#bySocket.set(socket, answers);
    socket.once('close', () => this.#releaseAll(answers));
    return answers;
  }

  #releaseAll(answers: ReadonlySet<UnreadAnswer>): void {
    for (const answer of answers) this.release(answer);
  }
}
