import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** No secret and no JSON begins with it. */
const SEALED = 'sealed v1 ';
const CIPHER = 'aes-256-gcm';
const [IV_BYTES, TAG_BYTES, KEY_BYTES] = [12, 16, 32];
const PURPOSE = 'sundial secrets of webhooks';

/** Keeps secrets in the database unreadable without a key that is not in it. Without keys they are kept as they are. */
export class SecretBox {
  readonly #keys: readonly Buffer[];

  /** @param keys the first one seals, each of them opens: so a key is rotated. */
  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', PURPOSE, KEY_BYTES)));
  }

  /** @param owner whose it is: sealed for one, it is not opened for another */
  seal(secret: string, owner: string): string {
    const [key] = this.#keys;
    if (key === undefined) return secret;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(owner));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return `${SEALED}${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`;
  }

  /** @throws UnreadableSecretError where none of the keys fits */
  open(kept: string, owner: string): string {
    if (!kept.startsWith(SEALED)) return kept;
    const sealed = Buffer.from(kept.slice(SEALED.length), 'base64url');
    for (const key of this.#keys) {
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, IV_BYTES)).setAAD(Buffer.from(owner));
      try {
        decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const text = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        // Another key sealed it.
      }
    }
    throw new UnreadableSecretError();
  }
}

/** Sealed with a key that this node has not. */
export class UnreadableSecretError extends Error {
  override readonly name = 'UnreadableSecretError';

  constructor() {
    super('the secret was sealed with another key');
  }
}
