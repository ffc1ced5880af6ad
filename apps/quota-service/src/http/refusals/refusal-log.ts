import type { Log } from '../../logging/log.js';
import type { ProblemCode } from '../problems/problem.js';

/** Lines in each of these intervals: one for an address and a code, and no more than this. */
const SPAN_MS = 10_000;
const MAX_LINES = 10;

/** Refusals that may be the traces of an attack, or of a caller who was given a wrong key. */
const LOGGED: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'missing-key',
  'wrong-key',
  'key-not-allowed',
  'role-too-low',
  'too-many-attempts',
  'host-not-allowed',
  'origin-not-allowed',
]);

export interface RefusedRequest {
  readonly code: ProblemCode;
  readonly address: string;
  /** The name of its key, where it has one. */
  readonly actor: string;
  readonly method: string;
  readonly route: string;
  readonly reqId: string;
}

/** Refused requests, in the log: some lines, however many there are. The metric counts all of them. */
export class RefusalLog {
  #spanStartedAt = -Infinity;
  #lines = 0;
  #leftOut = 0;
  readonly #logged = new Set<string>();

  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `request` is asked for only where there is a line to write. */
  note(code: ProblemCode, address: string, request: () => Omit<RefusedRequest, 'code' | 'address'>): void {
    if (!LOGGED.has(code)) return;
    this.#beginSpan();
    const subject = `${code} ${address}`;
    if (this.#lines >= MAX_LINES || this.#logged.has(subject)) {
      this.#leftOut++;
      return;
    }
    this.#logged.add(subject);
    this.#lines++;
    const leftOut = this.#leftOut > 0 ? { leftOut: this.#leftOut } : {};
    this.#leftOut = 0;
    this.log.warn({ code, address, ...request(), ...leftOut }, 'a request was refused');
  }

  #beginSpan(): void {
    const now = this.now();
    if (now - this.#spanStartedAt < SPAN_MS) return;
    this.#spanStartedAt = now;
    this.#lines = 0;
    this.#logged.clear();
  }
}
