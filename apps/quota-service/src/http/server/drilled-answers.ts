import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';

/** Callers of drilled calls wait for so long at most: then their connection ends. */
const MAX_UNANSWERED_MS = 5_000;
/** Calls that are left unanswered at once; a further one has its connection dropped. */
const MAX_UNANSWERED = 1_000;

/** Makes calls that met a drill fail as an outage would, and leaves nothing behind. */
export class DrilledAnswers {
  /** Calls without an answer, by socket. */
  readonly #waiting = new Map<Socket, number>();
  #unanswered = 0;

  /** Ends the connection without an answer. */
  drop(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    request.raw.socket.destroy();
  }

  /** Answers nothing until the caller gives up, or for `MAX_UNANSWERED_MS`. */
  leaveUnanswered(request: FastifyRequest, reply: FastifyReply): void {
    const { socket } = request.raw;
    if (this.#unanswered >= MAX_UNANSWERED || socket.destroyed) return this.drop(request, reply);
    reply.hijack();
    if (!this.#waiting.has(socket)) this.#follow(socket);
    this.#waiting.set(socket, (this.#waiting.get(socket) ?? 0) + 1);
    this.#unanswered++;
  }

  #follow(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), MAX_UNANSWERED_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#unanswered -= this.#waiting.get(socket) ?? 0;
      this.#waiting.delete(socket);
    });
  }
}
