import { CompactSign } from 'jose';
import {
  DEFAULT_RECEIPT_TTL_MS,
  MAX_RECEIPT_LENGTH,
  RECEIPT_TYPE,
  type ReceiptFacts,
  type ReceiptIssuer,
} from '@sundial/contract';
import { claimsOf } from './receipt-claims.js';
import type { SigningKey } from './receipt-key.js';

/** Signing takes a tenth of a millisecond in a thread of its own; a decision waits no longer than this for one that hangs. */
const SIGNING_LIMIT_MS = 100;

/** `late`: the decision went without it. `failed`: a receipt could not be made of what was said. */
export type SigningOutcome = 'signed' | 'late' | 'failed';

export interface ReceiptSignerOptions {
  /** How long a receipt is valid. */
  readonly ttlMs?: number;
  /** Hears what became of each. */
  readonly onOutcome?: (outcome: SigningOutcome) => void;
}

/** Signs receipts with one key. The signature is made in a thread of the pool, so that it holds up no other check. */
export class ReceiptSigner implements ReceiptIssuer {
  readonly #key: SigningKey;
  readonly #ttlMs: number;
  readonly #onOutcome: (outcome: SigningOutcome) => void;

  constructor(
    key: SigningKey,
    { ttlMs = DEFAULT_RECEIPT_TTL_MS, onOutcome = () => undefined }: ReceiptSignerOptions = {},
  ) {
    this.#key = key;
    this.#ttlMs = ttlMs;
    this.#onOutcome = onOutcome;
  }

  async issue(facts: ReceiptFacts): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), SIGNING_LIMIT_MS);
    });
    try {
      const receipt = await Promise.race([this.#sign(facts), late]);
      const outcome = receipt === 'late' ? 'late' : receipt.length > MAX_RECEIPT_LENGTH ? 'failed' : 'signed';
      this.#onOutcome(outcome);
      return outcome === 'signed' ? receipt : undefined;
    } catch {
      this.#onOutcome('failed');
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #sign(facts: ReceiptFacts): Promise<string> {
    const { kid, algorithm: alg, privateKey } = this.#key;
    const payload = new TextEncoder().encode(JSON.stringify(claimsOf(facts, this.#ttlMs)));
    return new CompactSign(payload).setProtectedHeader({ alg, typ: RECEIPT_TYPE, kid }).sign(privateKey);
  }
}
