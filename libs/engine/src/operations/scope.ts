import { hash } from 'node:crypto';
import type { Subject } from '@sundial/contract';
import { wellFormed, type Secret } from './secret.js';

/** Three numbers of 24 bits: fields, since one of these is kept for each subject, and read for each check. */
export interface Mask {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}
/** Base64url characters of SHA-256: 132 bits, too many for anyone to find two scopes with the same. */
const NAME_LENGTH = 22;

/** What the scopes of one resource have in common under the same rules. */
export interface CountedBy {
  readonly resource: string;
  /** Sorted, each once. */
  readonly attributes: readonly string[];
}

/**
 * Where an operation id is known: a resource, and the values of the attributes that its rules count by. The same id in
 * another scope is another operation, on every store. One is kept for each subject of late, so all of it is made when it
 * is first asked for.
 */
export class Scope {
  #name: string | undefined;
  #mask: Mask | undefined;
  #secret: Secret | undefined;

  constructor(
    readonly countedBy: CountedBy,
    /** The values of these attributes (`valuesOf`). */
    private readonly values: string,
  ) {}

  /** The same on every node, whatever it knows: operations under callers' ids are kept by it. */
  get name(): string {
    this.#name ??= hash('sha256', wellFormed(this.#text), 'base64url').slice(0, NAME_LENGTH);
    return this.#name;
  }

  /** Distinguishes it from others for those who know the secret, and reveals nothing to others. */
  mask(secret: Secret): Mask {
    if (this.#mask === undefined || this.#secret !== secret) {
      const digest = secret.digest(this.#text, 'binary');
      this.#mask = { a: bits(digest, 0), b: bits(digest, 3), c: bits(digest, 6) };
      this.#secret = secret;
    }
    return this.#mask;
  }

  get #text(): string {
    const { resource, attributes } = this.countedBy;
    return `${resource} ${attributes.length} ${attributes.join(' ')} ${this.values}`;
  }
}

/** The values of some attributes as one text: lengths go first, so that no value can pretend to be the end of another. */
export function valuesOf(attributes: readonly string[], subject: Subject): string {
  if (attributes.length === 1) return subject[attributes[0]!]!;
  let text = '';
  for (const name of attributes) {
    const value = subject[name]!;
    text += `${value.length} ${value} `;
  }
  return text;
}

/** Of three bytes. */
function bits(digest: string, at: number): number {
  return (digest.charCodeAt(at) << 16) | (digest.charCodeAt(at + 1) << 8) | digest.charCodeAt(at + 2);
}
