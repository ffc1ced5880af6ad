import type { ReceiptKey } from './receipt-key.js';

/** Where a verifier finds the key that a receipt names. */
export interface KeySource {
  find(kid: string): ReceiptKey | undefined | Promise<ReceiptKey | undefined>;
  /** False where what it knows may lack keys that there are, since they could not be fetched. */
  readonly isComplete: boolean;
}

/** Keys by their names. */
export class KnownKeys implements KeySource {
  readonly isComplete = true;
  readonly #byId: ReadonlyMap<string, ReceiptKey>;

  constructor(keys: readonly ReceiptKey[]) {
    this.#byId = new Map(keys.map((key) => [key.kid, key]));
  }

  find(kid: string): ReceiptKey | undefined {
    return this.#byId.get(kid);
  }
}
