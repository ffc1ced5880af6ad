import { timingSafeEqual } from 'node:crypto';
import { Problem } from '../problems/problem.js';
import { ANONYMOUS, digestOf, type Access, type Key } from '../../config/key.js';

export type { Access } from '../../config/key.js';

export interface Keys {
  readonly checkKeys: readonly Key[];
  readonly adminKeys: readonly Key[];
}

/** Who sends a request. A `Key` is one that is let in. */
export interface Caller {
  /** The actor of its key; `anonymous` without a key that is known here. */
  readonly actor: string;
  /** Why it may not use the route; absent where it may. */
  readonly refusal?: Problem;
}

/**
 * The keys of `SUNDIAL_CHECK_KEYS` and `SUNDIAL_ADMIN_KEYS`, from variables and files. Admin keys open everything, check
 * keys what is marked `check`. Without any key everything is open, which `readSettings` allows on loopback only. With
 * one of the lists empty, the other one rules: no admin keys closes administration, no check keys leaves checks to
 * admin keys.
 */
export class KeyRing {
  #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  get isEmpty(): boolean {
    return this.#keys.checkKeys.length + this.#keys.adminKeys.length === 0;
  }

  /** Puts other keys in the place of these. A ring that has keys is never emptied: that would open the service. */
  replace(keys: Keys): void {
    const isEmpty = keys.checkKeys.length + keys.adminKeys.length === 0;
    if (isEmpty !== this.isEmpty)
      throw new Error('Keys cannot be put in the place of none, nor none of keys.');
    this.#keys = keys;
  }

  /** Who sends a request with this `Authorization` header, and whether it may use a route. */
  identify(authorization: string | undefined, access: Access): Caller {
    if (this.isEmpty) return STRANGER;
    const token = bearerToken(authorization);
    if (token === undefined) return access === 'open' ? STRANGER : WITHOUT_KEY;
    const { admin, check } = this.#holder(token);
    const key = admin ?? check;
    if (key === undefined) return access === 'open' ? STRANGER : WITH_WRONG_KEY;
    if (admin === undefined && access === 'admin') return { actor: key.actor, refusal: NOT_ALLOWED };
    return key;
  }

  #holder(token: string): { readonly admin: Key | undefined; readonly check: Key | undefined } {
    const presented = digestOf(token);
    return { admin: find(presented, this.#keys.adminKeys), check: find(presented, this.#keys.checkKeys) };
  }
}

/** Made once: refusing a request must cost less than serving it. */
const MISSING = new Problem('missing-key', 'Send a key as Authorization: Bearer <key>.', {
  headers: { 'www-authenticate': 'Bearer realm="sundial"' },
});
const WRONG = new Problem('wrong-key', 'This key is not known here: check it, and which service it is for.', {
  headers: { 'www-authenticate': 'Bearer realm="sundial", error="invalid_token"' },
});
const NOT_ALLOWED = new Problem('key-not-allowed', 'This is a check key: use an admin key.');

const STRANGER: Caller = { actor: ANONYMOUS };
const WITHOUT_KEY: Caller = { actor: ANONYMOUS, refusal: MISSING };
const WITH_WRONG_KEY: Caller = { actor: ANONYMOUS, refusal: WRONG };

/** Compares with every key, so that the time it takes does not reveal which one it was. */
function find(presented: Buffer, keys: readonly Key[]): Key | undefined {
  let found: Key | undefined;
  for (const key of keys) if (timingSafeEqual(presented, key.digest)) found = key;
  return found;
}

/** RFC 6750 §2.1; the scheme is read in any case. */
function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}
