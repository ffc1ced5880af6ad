import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '../problems/problem.js';

/** Who may call a route: everybody, holders of a check key, or holders of an admin key. */
export type Access = 'open' | 'check' | 'admin';

/**
 * The keys of `SUNDIAL_CHECK_KEYS` and `SUNDIAL_ADMIN_KEYS`. Admin keys open everything, check keys what is marked
 * `check`. Without any key everything is open, which `readSettings` allows on loopback only. With one of the lists
 * empty, the other one rules: no admin keys closes administration, no check keys leaves checks to admin keys.
 */
export class KeyRing {
  readonly #checkKeys: readonly Buffer[];
  readonly #adminKeys: readonly Buffer[];
  readonly isEmpty: boolean;

  constructor(keys: { readonly checkKeys: readonly string[]; readonly adminKeys: readonly string[] }) {
    this.#checkKeys = keys.checkKeys.map(digest);
    this.#adminKeys = keys.adminKeys.map(digest);
    this.isEmpty = keys.checkKeys.length + keys.adminKeys.length === 0;
  }

  /** Why a request with this `Authorization` header may not use a route, or undefined when it may. */
  refusal(authorization: string | undefined, access: Access): Problem | undefined {
    if (this.isEmpty || access === 'open') return undefined;
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined)
      return missingKey('Send a key as Authorization: Bearer <key>.', 'Bearer realm="sundial"');
    const presented = digest(token);
    const isAdmin = isAmong(presented, this.#adminKeys);
    const isCheck = isAmong(presented, this.#checkKeys);
    if (isAdmin || (isCheck && access === 'check')) return undefined;
    if (isCheck) return new Problem('key-not-allowed', 'This is a check key: use an admin key.');
    return missingKey('This key is not known here.', 'Bearer realm="sundial", error="invalid_token"');
  }
}

function missingKey(detail: string, challenge: string): Problem {
  return new Problem('missing-key', detail, { headers: { 'www-authenticate': challenge } });
}

/** Equal lengths for `timingSafeEqual`; the time it takes tells nothing about the keys. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Looks at every key, so that the time it takes does not tell which one it was. */
function isAmong(presented: Buffer, keys: readonly Buffer[]): boolean {
  let found = false;
  for (const key of keys) found = timingSafeEqual(presented, key) || found;
  return found;
}
