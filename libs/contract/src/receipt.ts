import type { DecisionReason, Degraded } from './decision.js';
import type { Subject } from './request.js';
import type { Amounts } from './reservation.js';

/** The type in a receipt's header, its own so that no other token under the same keys passes for a receipt (RFC 8725 §3.11). */
export const RECEIPT_TYPE = 'sundial-receipt+jwt';
/** The type of the unsigned pass that a client makes for itself while no service answers. */
export const OFFLINE_RECEIPT_TYPE = 'sundial-offline-receipt+jwt';
/** Who issues receipts: every node of every Sundial. Whose node it was, its key says. */
export const RECEIPT_ISSUER = 'sundial';
export const DEFAULT_RECEIPT_TTL_MS = 10 * 60_000;
export const MIN_RECEIPT_TTL_MS = 1_000;
export const MAX_RECEIPT_TTL_MS = 24 * 60 * 60_000;

/**
 * What a receipt says, and its signature binds: this operation of this subject was allowed to take these amounts of this
 * resource. The program that does the costly work compares `subject` and `amounts` with what it is asked to do: a receipt for
 * one page pays for no hundred.
 */
export interface ReceiptClaims {
  /** Absent in a pass of a client. */
  readonly iss?: typeof RECEIPT_ISSUER;
  /** The same in every receipt of one operation, however often it is repeated: what is consumed once. */
  readonly jti: string;
  readonly operationId: string;
  readonly resource: string;
  readonly subject: Subject;
  /** What the operation takes or holds, of every meter, `units` included. */
  readonly amounts: Amounts;
  readonly allowed: true;
  /** `no-rule`: nothing was counted, since no rule names the resource. */
  readonly reason: DecisionReason;
  /** Absent where the store decided. */
  readonly degraded?: Degraded;
  /** Of a reserve: the reservation's id, where it has at most 1,024 characters. */
  readonly reservation?: string;
  /** A client made this for itself; nothing vouches for it. */
  readonly offline?: true;
  /** When it was made and until when it is valid, in seconds since 1970. A receipt of a reserve ends with its reservation. */
  readonly iat: number;
  readonly exp: number;
}

/**
 * Why a receipt is not accepted.
 * - `malformed`: it is no compact JWS, is longer than `MAX_RECEIPT_LENGTH`, or lacks claims.
 * - `not-a-receipt`: a token of another type.
 * - `unsupported-algorithm`: `none`, a shared secret, or not the algorithm of the key that it names.
 * - `unknown-key`: no node of this Sundial has that key, or its node left long ago.
 * - `bad-signature`: it was altered, or made with another key.
 * - `not-yet-valid`, `expired`: by the verifier's clock.
 * - `wrong-resource`: it was issued for another resource.
 * - `issued-offline`: a client made it while no service answered, and the resource's gate is not open.
 * - `already-consumed`: a receipt of the same operation was consumed before.
 * - `keys-unavailable`: its key is not known, and whether another node has it cannot be asked now.
 */
export const RECEIPT_CODES = [
  'malformed',
  'not-a-receipt',
  'unsupported-algorithm',
  'unknown-key',
  'bad-signature',
  'not-yet-valid',
  'expired',
  'wrong-resource',
  'issued-offline',
  'already-consumed',
  'keys-unavailable',
] as const;
export type ReceiptCode = (typeof RECEIPT_CODES)[number];

/** What a verification says of a receipt. */
export type ReceiptVerdict =
  | { readonly valid: true; readonly claims: ReceiptClaims }
  | { readonly valid: false; readonly code: ReceiptCode };

/** `POST /receipts/verify`. */
export interface VerifyReceiptRequest {
  readonly receipt: string;
  /** The resource that is about to be used: a receipt for another one is refused. */
  readonly resource: string;
  /** Once only: no receipt of the same operation is valid afterwards, on any node. */
  readonly consume?: boolean;
}

/** What an engine says of an allowed decision, to have it signed. */
export interface ReceiptFacts extends Pick<
  ReceiptClaims,
  'operationId' | 'resource' | 'subject' | 'amounts'
> {
  readonly reason: DecisionReason;
  readonly degraded: Degraded | null;
  /** Of a reserve. */
  readonly reservation?: { readonly id: string; readonly expiresAt: string };
  /** The store's clock, epoch milliseconds. */
  readonly at: number;
}

/** Signs receipts. `ReceiptSigner` of `@sundial/receipts` does. */
export interface ReceiptIssuer {
  /** Undefined where none can be made in time; it never rejects, since the decision is made. */
  issue(facts: ReceiptFacts): Promise<string | undefined>;
}
