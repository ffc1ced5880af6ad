import { networkOf } from './network.js';

/** Addresses whose wrong keys are remembered, the latest; about 150 bytes each. */
const MAX_ADDRESSES = 4_096;
/** How much later each answer is than the one before, and the latest. */
const STEP_MS = 10;
const MAX_DELAY_MS = 1_000;
/** One wrong key is forgotten in each. */
const FORGET_MS = 1_000;
/** Answers that may wait: each holds a socket. */
const MAX_HELD = 1_000;
const MAX_HELD_PER_ADDRESS = 64;

interface Guesses {
  wrong: number;
  at: number;
  held: number;
}

/**
 * How long the answer to a wrong key waits: 10 ms more with each of them from one address, up to a second. The answer
 * to a right key never waits, whatever its address has sent before. IPv6 addresses count by their network (/64), which
 * one caller has all of. Guessing is hopeless anyway (16 characters and more); this keeps it from being free.
 */
export class WrongKeyDelays {
  readonly #guesses = new Map<string, Guesses>();
  #held = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Notes a wrong key. Undefined: too many answers wait already, so this one must not. Each that waits calls `end`. */
  begin(address: string): { readonly delayMs: number; readonly end: () => void } | undefined {
    const guesses = this.#note(networkOf(address));
    if (this.#held >= MAX_HELD || guesses.held >= MAX_HELD_PER_ADDRESS) return undefined;
    this.#held++;
    guesses.held++;
    const end = () => {
      this.#held--;
      guesses.held--;
    };
    return { delayMs: Math.min(MAX_DELAY_MS, STEP_MS * guesses.wrong), end };
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#guesses.size;
  }

  #note(network: string): Guesses {
    const now = this.now();
    const { wrong, at, held } = this.#guesses.get(network) ?? { wrong: 0, at: now, held: 0 };
    const forgotten = Math.floor((now - at) / FORGET_MS);
    const guesses = this.#guesses.get(network) ?? { wrong, at, held };
    guesses.wrong = Math.max(0, wrong - forgotten) + 1;
    guesses.at = now;
    this.#guesses.delete(network);
    this.#guesses.set(network, guesses);
    const [oldest] = this.#guesses.keys();
    if (this.#guesses.size > MAX_ADDRESSES && oldest !== undefined) this.#guesses.delete(oldest);
    return guesses;
  }
}
