import { Counter, type Registry } from 'prom-client';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeyRing } from '../keys/key-ring.js';
import { WrongKeyDelays } from '../keys/wrong-key-delays.js';
import type { Log } from '../logging/log.js';
import { Tally } from '../metrics/tally.js';
import type { ProblemCode } from './problem.js';
import { RefusalLog } from './refusal-log.js';

/** What becomes of refused requests: all are counted, some are logged, and answers to wrong keys wait. */
export class Refusals {
  readonly #codes = new Tally('code');
  readonly #log: RefusalLog;
  readonly #delays = new WrongKeyDelays();
  #keys: KeyRing | undefined;

  constructor(log: Log) {
    this.#log = new RefusalLog(log);
  }

  /** What exists only when the application is made: where to show the counts, and whose keys there are. */
  attach(registry: Registry, keys: KeyRing): void {
    this.#keys = keys;
    new Counter({
      name: 'sundial_refusals_total',
      help: 'Requests that were refused, by the code of their problem',
      labelNames: this.#codes.labels,
      registers: [registry],
      collect: this.#codes.collector,
    });
  }

  count(code: ProblemCode): void {
    this.#codes.count(code);
  }

  /** Notes a refused request, and calls `send` when its answer may go. */
  answer(code: ProblemCode, request: FastifyRequest, reply: FastifyReply, send: () => void): void {
    this.count(code);
    const { socket } = request.raw;
    const address = socket.remoteAddress ?? 'unknown';
    this.#log.note(code, address, () => ({
      actor: this.#keys?.actor(request.headers.authorization) ?? 'anonymous',
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
