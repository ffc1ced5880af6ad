import { timingSafeEqual } from 'node:crypto';
import { Problem } from '../problems/problem.js';
import { ANONYMOUS, covers, digestOf, type Access, type Key, type Role } from '../../config/key.js';

export interface Keys {
  readonly checkKeys: readonly Key[];
  readonly adminKeys: readonly Key[];
}

/** Who sends a request. A `Key` is one that is let in. */
export interface Caller {
  /** The actor of its key; `anonymous` without a key that is known here. */
  readonly actor: string;
  /** Of its admin key; `admin` where no keys are set. */
  readonly role?: Role;
  /** Why it may not use the route; absent where it may. */
  readonly refusal?: Problem;
}

/** What a route wants of the keys that open it. */
export interface Need {
  readonly access: Access;
  /** Of admin keys. */
  readonly role: Role;
}

/** What needs no key. */
const NOTHING: Need = { access: 'open', role: 'viewer' };

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
  identify(authorization: string | undefined, need: Need = NOTHING): Caller {
    if (this.isEmpty) return OPERATOR_OF_LOOPBACK;
    const { access } = need;
    const token = bearerToken(authorization);
    if (token === undefined) return access === 'open' ? STRANGER : WITHOUT_KEY;
    const { admin, check } = this.#holder(token);
    if (admin !== undefined) return admitted(admin, need);
    if (check === undefined) return access === 'open' ? STRANGER : WITH_WRONG_KEY;
    if (access === 'admin') return { actor: check.actor, refusal: NOT_ALLOWED };
    return check;
  }

  /** The admin key with this secret. */
  adminKey(secret: string): Key | undefined {
    return find(digestOf(secret), this.#keys.adminKeys);
  }

  get adminKeys(): readonly Key[] {
    return this.#keys.adminKeys;
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
const OPERATOR_OF_LOOPBACK: Caller = { actor: ANONYMOUS, role: 'admin' };
const WITHOUT_KEY: Caller = { actor: ANONYMOUS, refusal: MISSING };
const WITH_WRONG_KEY: Caller = { actor: ANONYMOUS, refusal: WRONG };

/** The holder of an admin key at a route. */
export function admitted(key: Key, { access, role: needed }: Need): Caller {
  const { actor, role = 'admin' } = key;
  if (access === 'open' || covers(role, needed)) return key;
  const detail = `This needs the role ${needed}, and the key of ${actor} has the role ${role}: use a key with more.`;
  return { actor, role, refusal: new Problem('role-too-low', detail, { members: { needs: needed } }) };
}

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
