import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeyRing } from '../keys/key-ring.js';
import { WrongKeyDelays } from '../keys/wrong-key-delays.js';
import type { Log } from '../../logging/log.js';
import type { ProblemCode } from '../problems/problem.js';
import { RefusalLog } from './refusal-log.js';

/** What becomes of refused requests: all are counted, some are logged, and answers to wrong keys wait. */
export class Refusals {
  readonly #counts = new Map<ProblemCode, number>();
  readonly #log: RefusalLog;
  readonly #delays = new WrongKeyDelays();

  constructor(
    log: Log,
    private readonly keys: KeyRing,
  ) {
    this.#log = new RefusalLog(log);
  }

  /** Refused requests since the start, by the code of their problem. */
  get counts(): ReadonlyMap<ProblemCode, number> {
    return this.#counts;
  }

  count(code: ProblemCode): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  /** Notes a refused request, and calls `send` when its answer may go. */
  answer(code: ProblemCode, request: FastifyRequest, reply: FastifyReply, send: () => void): void {
    this.count(code);
    const { socket } = request.raw;
    const address = socket.remoteAddress ?? 'unknown';
    this.#log.note(code, address, () => ({
      actor: this.keys.identify(request.headers.authorization).actor,
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      reqId: request.id,
    }));
    if (code !== 'wrong-key') return send();
    const wait = this.#delays.begin(address);
    if (wait === undefined) {
      // Guessing on needs a new connection for each.
      reply.header('connection', 'close');
      return send();
    }
    const finish = () => {
      clearTimeout(timer);
      socket.off('close', finish);
      wait.end();
      send();
    };
    const timer = setTimeout(finish, wait.delayMs);
    socket.once('close', finish);
  }
}
