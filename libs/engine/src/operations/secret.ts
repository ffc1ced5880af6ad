import { createCipheriv, createHmac, hash, randomBytes } from 'node:crypto';
import { endianness } from 'node:os';

export const SECRET_BYTES = 32;
/** Secrets that a node made ids with before it learnt the one that its store's nodes share. */
const MAX_FORMER = 3;

/** 32 random bytes, and what is derived from them. */
export class Secret {
  readonly #padKey: Buffer;
  readonly #hashKey: string;

  constructor(readonly bytes: Buffer) {
    if (bytes.length !== SECRET_BYTES) throw new RangeError(`A secret has ${SECRET_BYTES} bytes`);
    this.#padKey = Buffer.from(hash('sha256', Buffer.concat([PAD_LABEL, bytes]), 'hex'), 'hex');
    this.#hashKey = hash('sha256', Buffer.concat([HASH_LABEL, bytes]), 'hex');
  }

  static random(): Secret {
    return new Secret(randomBytes(SECRET_BYTES));
  }

  /**
   * SHA-256 of the text behind a secret prefix, to be cut short by its reader, which is what makes the prefix as good as
   * HMAC: a third of its price. All texts that the caller does not know the secret of are as good as random.
   */
  digest(text: string, encoding: 'base64url' | 'binary'): string {
    return hash('sha256', this.#hashKey + wellFormed(text), encoding);
  }

  /** 32 bytes for one purpose, which say nothing of the secret, nor of its keys for other purposes. */
  keyFor(purpose: string): Buffer {
    return createHmac('sha256', this.bytes).update(KEY_LABEL).update(purpose).digest();
  }

  /**
   * Four words of 32 bits for each of `count` numbers that follow each other, which nothing else of this secret
   * reveals.
   */
  pads({ prefix, from, count }: { prefix: Buffer; from: number; count: number }): Uint32Array {
    const start = Buffer.alloc(PAD_BYTES);
    prefix.copy(start, 0, 0, PREFIX_BYTES);
    start.writeUInt32BE(Math.floor(from / 2 ** 24), PREFIX_BYTES);
    start.writeUIntBE(from % 2 ** 24, PREFIX_BYTES + 4, 3);
    const stream = createCipheriv('aes-256-ctr', this.#padKey, start).update(Buffer.alloc(count * PAD_BYTES));
    if (endianness() === 'BE') stream.swap32();
    return new Uint32Array(stream.buffer.slice(stream.byteOffset, stream.byteOffset + stream.length));
  }
}

/** What the numbers are of that have a pad: at most so many bytes. */
const PREFIX_BYTES = 9;
const PAD_BYTES = 16;
export const PAD_WORDS = PAD_BYTES / 4;
const PAD_LABEL = Buffer.from('sundial operation id pads ');
const KEY_LABEL = Buffer.from('sundial key for ');
const HASH_LABEL = Buffer.from('sundial content hash ');

/** Hashing takes UTF-8, in which all lone surrogates are one character. JSON writes each as it is, and begins with `"`. */
export function wellFormed(text: string): string {
  return SURROGATE.test(text) ? JSON.stringify(text) : text;
}

const SURROGATE = /[\ud800-\udfff]/;

/**
 * The secret that the nodes of one store share. A node begins with one of its own, and adopts the store's as soon as
 * it knows that; what it made until then it still recognizes.
 */
export class SharedSecret {
  #current: Secret;
  #former: readonly Secret[] = [];

  constructor(secret = Secret.random()) {
    this.#current = secret;
  }

  get current(): Secret {
    return this.#current;
  }

  /** The current one first. */
  get all(): readonly Secret[] {
    return [this.#current, ...this.#former];
  }

  /** Whether that changed anything. */
  adopt(bytes: Buffer): boolean {
    if (bytes.equals(this.#current.bytes)) return false;
    this.#former = this.all.slice(0, MAX_FORMER);
    this.#current = new Secret(bytes);
    return true;
  }
}
