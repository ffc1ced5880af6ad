import type { ReceiptVerdict } from '@sundial/contract';
import { checkReceipt } from './check-receipt.js';
import { type KeySource, KnownKeys } from './key-source.js';
import { keysIn, RemoteKeys } from './remote-keys.js';

/** The keys come from one of `jwksUrl`, `jwks` and `keys`. */
export interface VerifyReceiptOptions {
  /** The resource that is about to be used: a receipt for another one is refused. */
  readonly resource: string;
  /** `https://…/.well-known/jwks.json` of a service, or of several that share their store. What is fetched is kept for all calls with it. */
  readonly jwksUrl?: string | readonly string[];
  /** Such a document, where the program gets it otherwise. */
  readonly jwks?: { readonly keys: readonly unknown[] };
  /** Keys of the program's own making, such as a `RemoteKeys` with its own `fetch`. */
  readonly keys?: KeySource;
  /** How far the clock of this machine may be off, 0 to 600,000. Default 30,000. */
  readonly clockToleranceMs?: number;
  /**
   * Whether the operator has opened the gate of the resource. Then passes that clients made for themselves while no service
   * answered are accepted. Default: never.
   */
  readonly isOpen?: (resource: string) => boolean;
  /** Epoch milliseconds, for tests. */
  readonly now?: number;
}

const DEFAULT_TOLERANCE_MS = 30_000;
const MAX_TOLERANCE_MS = 600_000;

/**
 * Whether a receipt pays for the use of a resource now, without a question to the service. Where it does, compare the
 * claims' `subject` and `amounts` with what is about to be done. It does not know which receipts were used before: where
 * each may be used once only, ask `POST /receipts/verify` with `consume`, or keep each `jti` until its `exp`.
 *
 * @throws TypeError for options that can never work. Whatever the receipt is, it does not reject.
 */
export async function verifyReceipt(
  receipt: unknown,
  options: VerifyReceiptOptions,
): Promise<ReceiptVerdict> {
  const { resource, isOpen = () => false, now = Date.now() } = options;
  const { clockToleranceMs = DEFAULT_TOLERANCE_MS } = options;
  if (typeof resource !== 'string' || resource === '')
    throw new TypeError('resource must name the resource.');
  if (!(clockToleranceMs >= 0 && clockToleranceMs <= MAX_TOLERANCE_MS))
    throw new TypeError(`clockToleranceMs must be from 0 to ${MAX_TOLERANCE_MS}, not ${clockToleranceMs}.`);
  return checkReceipt(receipt, { resource, keys: sourceOf(options), now, clockToleranceMs, isOpen });
}

function sourceOf({ jwksUrl, jwks, keys }: VerifyReceiptOptions): KeySource {
  const given = [jwksUrl, jwks, keys].filter((source) => source !== undefined);
  if (given.length !== 1) throw new TypeError('Give one of jwksUrl, jwks and keys.');
  if (jwksUrl !== undefined) return fetchedFrom(jwksUrl);
  return jwks === undefined ? keys! : listedIn(jwks);
}

/** Sets that a program fetches; of more than this the oldest is forgotten. */
const MAX_REMOTE = 16;
const remote = new Map<string, RemoteKeys>();

function fetchedFrom(urls: string | readonly string[]): RemoteKeys {
  const name = [urls].flat().join(' ');
  const known = remote.get(name) ?? new RemoteKeys(urls);
  remote.set(name, known);
  for (const oldest of remote.keys()) {
    if (remote.size <= MAX_REMOTE) break;
    remote.delete(oldest);
  }
  return known;
}

/** A document is read once, as long as its program keeps it. */
const listed = new WeakMap<object, KnownKeys>();

function listedIn(jwks: { readonly keys: readonly unknown[] }): KnownKeys {
  if (!Array.isArray(jwks?.keys)) throw new TypeError('jwks must be an object with a list of keys.');
  const known = listed.get(jwks) ?? new KnownKeys(keysIn(jwks.keys));
  listed.set(jwks, known);
  return known;
}
