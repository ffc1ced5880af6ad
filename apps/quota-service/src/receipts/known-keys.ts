import { keyFromJwk, type ReceiptJwk, type ReceiptKey } from '@sundial/receipts';
import type { PublishedKey } from '@sundial/engine';
import { hash } from 'node:crypto';

/** Keys of other nodes at most. More are not what nodes publish. */
export const MAX_OTHER_KEYS = 1_024;

export interface Jwks {
  readonly body: { readonly keys: readonly ReceiptJwk[] };
  readonly etag: string;
}

/** The public keys of all nodes as this one knows them: its own, and those that it saw published, until they are long gone. */
export class KnownNodeKeys {
  readonly #own: ReadonlyMap<string, ReceiptKey>;
  readonly #others = new Map<string, { readonly key: ReceiptKey; missingSince: number | undefined }>();
  #jwks: Jwks | undefined;

  constructor(own: readonly ReceiptKey[]) {
    this.#own = new Map(own.map((key) => [key.kid, key]));
  }

  get(kid: string): ReceiptKey | undefined {
    return this.#own.get(kid) ?? this.#others.get(kid)?.key;
  }

  get published(): readonly PublishedKey[] {
    return [...this.#own.values()].map(({ kid, jwk }) => ({ kid, jwk: JSON.stringify(jwk) }));
  }

  /** `clock` in milliseconds that only grow. A key that is missing for `keepMs` is forgotten: its receipts are over. */
  saw(published: readonly PublishedKey[], clock: number, keepMs: number): void {
    const seen = new Set(published.map(({ kid }) => kid));
    for (const each of published) this.#add(each);
    for (const [kid, other] of this.#others) {
      if (seen.has(kid)) other.missingSince = undefined;
      else if (clock - (other.missingSince ??= clock) > keepMs) {
        this.#others.delete(kid);
        this.#jwks = undefined;
      }
    }
  }

  /** As `/.well-known/jwks.json` answers it, always in one order. */
  get jwks(): Jwks {
    if (this.#jwks) return this.#jwks;
    const others = [...this.#others.values()].map(({ key }) => key);
    const all = [...this.#own.values(), ...others].map(({ jwk }) => jwk);
    const body = { keys: all.sort((one, other) => (one.kid < other.kid ? -1 : 1)) };
    return (this.#jwks = { body, etag: `"${hash('sha256', JSON.stringify(body), 'base64url')}"` });
  }

  /** Whatever else can write to the store must not bring in a key under a name that it does not have. */
  #add({ kid, jwk }: PublishedKey): void {
    if (this.get(kid) !== undefined || this.#others.size >= MAX_OTHER_KEYS) return;
    const key = keyFromJwk(parsed(jwk));
    if (key?.kid !== kid) return;
    this.#others.set(kid, { key, missingSince: undefined });
    this.#jwks = undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
