import { networkOf } from '../keys/network.js';

/** Wrong keys from one address in each span; then sign-in is closed to it until the span is over. */
export const MAX_WRONG_KEYS = 10;
const SPAN_MS = 60_000;
/** Addresses that are remembered, the latest. */
const MAX_ADDRESSES = 4_096;

interface Span {
  wrong: number;
  readonly since: number;
}

/**
 * How many keys an address may try in the sign-in form. IPv6 addresses count by their network. Behind a proxy all have its
 * address: then one who guesses keeps the others from signing in, and keys in `Authorization` go on.
 */
export class SignInAttempts {
  readonly #spans = new Map<string, Span>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** How long this address must wait before it may try a key; 0: not at all. */
  waitMs(address: string): number {
    const span = this.#spans.get(networkOf(address));
    if (span === undefined || span.wrong < MAX_WRONG_KEYS) return 0;
    return Math.max(0, span.since + SPAN_MS - this.now());
  }

  noteWrongKey(address: string): void {
    const network = networkOf(address);
    const now = this.now();
    const known = this.#spans.get(network);
    const span = known !== undefined && now < known.since + SPAN_MS ? known : { wrong: 0, since: now };
    span.wrong++;
    this.#spans.delete(network);
    this.#spans.set(network, span);
    const [oldest] = this.#spans.keys();
    if (this.#spans.size > MAX_ADDRESSES && oldest !== undefined) this.#spans.delete(oldest);
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#spans.size;
  }
}
