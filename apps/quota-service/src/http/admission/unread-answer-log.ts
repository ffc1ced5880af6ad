import type { Log } from '../../logging/log.js';
import type { UnreadAnswer } from './unread-answers.js';

/** A line in each of these intervals at most: a caller who reads nothing may lose hundreds of connections at once. */
const SPAN_MS = 10_000;

/** Says for whom connections are ended, in few lines. The metric counts all of them. */
export class UnreadAnswerLog {
  #lastAt = -Infinity;
  #leftOut = 0;

  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  note({ socket, actor, bytes }: UnreadAnswer): void {
    const now = this.now();
    if (now - this.#lastAt < SPAN_MS) {
      this.#leftOut++;
      return;
    }
    const leftOut = this.#leftOut > 0 ? { leftOut: this.#leftOut } : {};
    [this.#lastAt, this.#leftOut] = [now, 0];
    this.log.warn(
      { actor, address: socket.remoteAddress, bytes, ...leftOut },
      'unread answers fill SUNDIAL_MAX_UNREAD_BYTES: ended a connection of the actor that has most of them; ' +
        'let its callers read their answers, ask for smaller batches, or raise the bound',
    );
  }
}
