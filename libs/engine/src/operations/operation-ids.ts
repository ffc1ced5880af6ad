import { idOf, makeId, PROCESS_NAME } from './own-ids.js';
import type { Operation } from './operation.js';
import { encodeContent } from './operation-content.js';
import type { Amounts } from './amounts.js';
import type { CheckRequest, Subject } from '@sundial/contract';
import { Scope, valuesOf, type Mask } from './scope.js';
import { PAD_WORDS, type Secret, type SharedSecret } from './secret.js';

/** Ids whose pads are made at once. */
const CHUNK = 1_024;
/** Of the other attributes' keyed hash: 72 bits in base64url. */
export const HASH_LENGTH = 12;
/** An id as a server hands it out: its process, its number there, a tag. */
const SERVER_ID = /^([A-Za-z0-9_-]{12})\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{12})$/;

/** An operation, and the id that its caller knows. */
export interface NamedOperation {
  readonly operationId: string;
  readonly operation: Operation;
}

/**
 * Identifies operations. An id that a server makes is `<process>.<number>.<tag>`: process and number name the operation's
 * record, and the tag proves that a server gave the id to a caller of this scope. It is a one-time pad of the number
 * under the secret that all nodes of the store share, XORed with a keyed hash of the scope (a Wegman–Carter MAC), so it
 * costs a check no hashing and a record no byte. An id without that proof is a caller's own, and callers' ids are
 * kept by scope, apart from servers'.
 */
export class OperationIds {
  readonly #secrets: SharedSecret;
  readonly #prefix = prefixOf(PROCESS_NAME);
  #pads: Uint32Array = new Uint32Array(0);
  #padsFrom = 0;
  #padsOf: Secret | undefined;

  constructor(secrets: SharedSecret) {
    this.#secrets = secrets;
  }

  /** The scope is of the rules in force. */
  name({ subject, operationId }: CheckRequest, taken: Amounts, scope: Scope): NamedOperation {
    const { id: attempt, number } = makeId();
    const content = this.#contentOf(subject, taken, scope.countedBy.attributes);
    if (operationId !== undefined) {
      const id =
        this.#serversId(operationId, scope) ?? `${scope.name} ${scope.countedBy.resource} ${operationId}`;
      return { operationId, operation: { id, content, attempt } };
    }
    const tag = this.#tagOf(number, scope);
    return { operationId: `${attempt}.${tag}`, operation: { id: attempt, content, attempt, number } };
  }

  /** For a check that no rule counts: nothing will be remembered under it. */
  idWithoutRules({ resource, operationId }: CheckRequest): string {
    if (operationId !== undefined) return operationId;
    const { id, number } = makeId();
    return `${id}.${this.#tagOf(number, new Scope({ resource, attributes: [] }, ''))}`;
  }

  /** The name of the record, where a server gave this id to a caller of this scope. */
  #serversId(operationId: string, scope: Scope): string | undefined {
    const match = SERVER_ID.exec(operationId);
    if (match === null) return undefined;
    const [, process, digits, tag] = match as unknown as [string, string, string, string];
    const from = parseInt(digits, 36);
    if (!Number.isSafeInteger(from) || from.toString(36) !== digits) return undefined;
    const prefix = prefixOf(process);
    const isMade = this.#secrets.all.some(
      (secret) => tag === tagOf(secret.pads({ prefix, from, count: 1 }), 0, scope.mask(secret)),
    );
    return isMade ? idOf(from, process) : undefined;
  }

  #tagOf(number: number, scope: Scope): string {
    const secret = this.#secrets.current;
    let place = number - this.#padsFrom;
    if (this.#padsOf !== secret || place < 0 || place >= CHUNK) {
      this.#pads = secret.pads({ prefix: this.#prefix, from: number, count: CHUNK });
      this.#padsOf = secret;
      this.#padsFrom = number;
      place = 0;
    }
    return tagOf(this.#pads, place * PAD_WORDS, scope.mask(secret));
  }

  /** Amounts are written as they are; attributes that no rule counts by are only compared for equality. */
  #contentOf(subject: Subject, taken: Amounts, attributes: readonly string[]): string {
    const names = Object.keys(subject);
    if (names.length === attributes.length) return encodeContent(taken);
    const others = names.filter((name) => !attributes.includes(name)).sort();
    const digest = this.#secrets.current.digest(
      `${others.length} ${others.join(' ')} ${valuesOf(others, subject)}`,
      'base64url',
    );
    return encodeContent(taken, digest.slice(0, HASH_LENGTH));
  }
}

function prefixOf(process: string): Buffer {
  return Buffer.from(process.slice(0, 12), 'base64url');
}

/** 72 bits. Written out: a loop that puts a text together costs as much as all else of a check's name. */
function tagOf(pads: Uint32Array, from: number, mask: Mask): string {
  const a = pads[from]! ^ mask.a;
  const b = pads[from + 1]! ^ mask.b;
  const c = pads[from + 2]! ^ mask.c;
  return (
    PAIRS[(a >> 12) & 0xfff]! +
    PAIRS[a & 0xfff]! +
    PAIRS[(b >> 12) & 0xfff]! +
    PAIRS[b & 0xfff]! +
    PAIRS[(c >> 12) & 0xfff]! +
    PAIRS[c & 0xfff]!
  );
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Of 12 bits, two characters. */
const PAIRS = Array.from({ length: 4_096 }, (_, bits) => ALPHABET[bits >> 6]! + ALPHABET[bits & 63]!);
