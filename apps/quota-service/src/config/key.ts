import { hash } from 'node:crypto';

/** Who may call a route: everyone, holders of a check key, or holders of an admin key. */
export type Access = 'open' | 'check' | 'admin';

/**
 * What the holder of an admin key may do, each role also what the ones before it may. `viewer`: read. `operator`: what the day
 * brings: gates, brakes, drills, overrides, packs, the usage of subjects, and checks. `admin`: everything.
 */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a holder of the first may do what needs the second. */
export function covers(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** What a key is kept as. The secret itself is forgotten once it is read. */
export interface Key {
  /** Who holds it, in logs: the name it was given, or `key-3` for the third of all keys. No two keys have one actor. */
  readonly actor: string;
  /** SHA-256 of the secret. */
  readonly digest: Buffer;
  /** Of admin keys. */
  readonly role?: Role;
  /** Short enough to be guessed. Of a key that was given as its digest that cannot be known. */
  readonly isShort: boolean;
}

/** A key as an entry of a list gives it. */
export interface KeyEntry extends Omit<Key, 'actor'> {
  /** Undefined: it was given none. */
  readonly name: string | undefined;
}

/** The actor of a request without a key. */
export const ANONYMOUS = 'anonymous';

/** The actor of a key without a name: `position` counts all keys from 1. */
export function actorAt(position: number): string {
  return `key-${position}`;
}

/** A secret of fewer characters could be guessed; `openssl rand -hex 16` makes one of 32. */
export const MIN_SECRET_LENGTH = 16;
const MAX_SECRET_LENGTH = 256;

/** RFC 6750's token characters without `=`, which ends a name: a key travels in an `Authorization` header as it is. */
const SECRET = /^[\w.~+/-]+$/;
const DIGEST = /^sha256:([0-9a-f]{64})$/i;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** Actors that no key is named after by its operator. */
const RESERVED = /^(anonymous|key-\d+)$/;

/** An entry `[name[:role]=]secret` of a list of keys, or why it is none: a sentence that shows nothing of it. */
export function parseKey(entry: string, access: Exclude<Access, 'open'>): KeyEntry | string {
  const [label, secret] = split(entry);
  const [name, ...roles] = label?.split(':') ?? [];
  const given = roles.length > 0 ? roles.join(':') : undefined;
  const message =
    (name === undefined ? undefined : nameMessage(name)) ??
    (given === undefined ? undefined : roleMessage(given, access));
  if (message !== undefined) return message;
  const key = entryOf(name, secret);
  if (typeof key === 'string' || access === 'check') return key;
  return { ...key, role: (given as Role | undefined) ?? 'admin' };
}

function nameMessage(name: string): string | undefined {
  if (!NAME.test(name))
    return 'has a name before its = that is not a small letter and up to 31 small letters, digits or -';
  return RESERVED.test(name)
    ? `has a name that stands for others in the log: ${ANONYMOUS}, or key- and a number`
    : undefined;
}

function roleMessage(role: string, access: Exclude<Access, 'open'>): string | undefined {
  if (access === 'check') return 'has a role: only admin keys have one';
  return isRole(role) ? undefined : `has a role that is none of ${ROLES.join(', ')}`;
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

function entryOf(name: string | undefined, secret: string): KeyEntry | string {
  const digest = DIGEST.exec(secret)?.[1];
  if (digest !== undefined) return { name, digest: Buffer.from(digest, 'hex'), isShort: false };
  if (secret.startsWith('sha256:')) return 'has a sha256: that is not followed by 64 hexadecimal digits';
  if (secret === '') return 'is empty';
  if (secret.length > MAX_SECRET_LENGTH) return `is longer than ${MAX_SECRET_LENGTH} characters`;
  if (!SECRET.test(secret)) return 'has a secret of other than letters, digits and ._~+/-';
  return { name, digest: digestOf(secret), isShort: secret.length < MIN_SECRET_LENGTH };
}

export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function split(entry: string): [label: string | undefined, secret: string] {
  const end = entry.indexOf('=');
  return end < 0 ? [undefined, entry] : [entry.slice(0, end), entry.slice(end + 1)];
}
