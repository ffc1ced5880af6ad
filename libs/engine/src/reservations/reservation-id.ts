import { timeZoneIn, timeZoneText } from '../windows/time-zone.js';
import {
  MAX_RESERVATION_ID_LENGTH,
  type OnExpiry,
  QuotaError,
  said,
  RESERVATION_ID_PATTERN,
  type Subject,
} from '@sundial/contract';
import { counterKey, type CountingRule } from '../counters/counter-key.js';
import { Scope, valuesOf } from '../operations/scope.js';
import type { Secret, SharedSecret } from '../operations/secret.js';
import { RecentReservations } from './recent-reservations.js';

/** What a reservation's id says: all that an ending needs to find it, on any node, whatever the rules are by then. */
export interface ReservationFacts {
  readonly operationId: string;
  /** The operation's id in the store (`Operation.id`). */
  readonly operation: string;
  readonly resource: string;
  readonly subject: Subject;
  /** The rules that it was decided by, in their order. */
  readonly rules: readonly CountingRule[];
  /** `Operation.content`: what it holds of each meter. */
  readonly content: string;
  /** Epoch milliseconds, store clock: when it was taken, and when it was to expire. An extension changes no id. */
  readonly at: number;
  readonly expiresAt: number;
  readonly onExpiry: OnExpiry;
  /** A node placed it without the store, which may not know of it yet. */
  readonly isDegraded: boolean;
}

/** The facts, and the counters that they name. */
export interface NamedReservation extends ReservationFacts {
  /** One a rule, in their order. */
  readonly counters: readonly ReservedCounter[];
}

interface ReservedCounter {
  readonly rule: CountingRule;
  readonly key: string;
  readonly shardGroup: string;
}

/** Raised when ids change in a way that older nodes would misread; an id of another format is not found. */
const FORMAT = 1;
/** Base64url characters of the keyed hash: 72 bits. */
const SEAL_LENGTH = 12;
/** Of a server's id, `.` and its tag, which its name in the store has not (`OperationIds`). */
const TAG_LENGTH = 13;

/**
 * Reservation ids: `<facts><seal>`, the facts as JSON in base64url, and a hash of that keyed with the secret that the nodes
 * of one store share. An id needs no look-up: it says where the reservation is, what it holds and, for an ending while
 * the store is away, what is to be settled. The seal is why all of that can be believed: an id that was cut, changed
 * or made up is `reservation-not-found`, and so is one of another store.
 *
 * Keys are not in it: they are made again from the subject and what of each rule names its counters. So no id names a
 * counter of another subject, and long values stand in it once.
 */
export class ReservationIds {
  readonly #secrets: SharedSecret;
  readonly #recent = new RecentReservations();

  constructor(secrets: SharedSecret) {
    this.#secrets = secrets;
  }

  /** @throws QuotaError `invalid-request` where it would be longer than a path can carry; nothing may have been taken by then. */
  encode(facts: ReservationFacts): string {
    const { operationId, operation, resource, subject, rules, content, at, expiresAt, onExpiry, isDegraded } =
      facts;
    const text = JSON.stringify([
      FORMAT,
      operationId,
      operation === storeIdOfServers(operationId) ? 1 : 0,
      resource,
      attributesOf(subject),
      rules.map(({ id, timeZone, per }) => [id, timeZoneText(timeZone), ...per]),
      content,
      at,
      expiresAt,
      onExpiry === 'commit' ? 1 : 0,
      isDegraded ? 1 : 0,
    ]);
    const body = Buffer.from(text).toString('base64url');
    if (body.length + SEAL_LENGTH > MAX_RESERVATION_ID_LENGTH) throw tooLong();
    const id = body + seal(body, this.#secrets.current);
    this.#recent.note(id, facts);
    return id;
  }

  /** @throws QuotaError `reservation-not-found` */
  decode(id: unknown): NamedReservation {
    if (typeof id !== 'string') throw QuotaError.reservationNotFound();
    const recent = this.#recent.take(id);
    if (recent !== undefined) return withCounters(recent);
    if (!RESERVATION_ID_PATTERN.test(id)) throw QuotaError.reservationNotFound();
    const body = id.slice(0, -SEAL_LENGTH);
    if (!this.#isSealed(body, id.slice(-SEAL_LENGTH))) throw QuotaError.reservationNotFound();
    const written = JSON.parse(Buffer.from(body, 'base64url').toString()) as Written;
    if (written[0] !== FORMAT) throw QuotaError.reservationNotFound();
    return named(written);
  }

  /** Also where this node made it before it learnt the secret of its store. */
  #isSealed(body: string, written: string): boolean {
    return this.#secrets.all.some((secret) => seal(body, secret) === written);
  }
}

function seal(body: string, secret: Secret): string {
  return secret.digest(`reservation ${body}`, 'base64url').slice(0, SEAL_LENGTH);
}

type Written = readonly [
  format: number,
  operationId: string,
  isServers: 0 | 1,
  resource: string,
  subject: readonly string[],
  rules: readonly (readonly [id: string, timeZone: string, ...per: string[]])[],
  content: string,
  at: number,
  expiresAt: number,
  commits: 0 | 1,
  isDegraded: 0 | 1,
];

function named(written: Written): NamedReservation {
  const [
    ,
    operationId,
    isServers,
    resource,
    attributes,
    ruleParts,
    content,
    at,
    expiresAt,
    commits,
    isDegraded,
  ] = written;
  const subject = subjectOf(attributes);
  const rules = ruleParts.map(([id, timeZone, ...per]): CountingRule => ({
    id,
    resource,
    per,
    timeZone: timeZoneIn(timeZone),
  }));
  return withCounters({
    operationId,
    operation: isServers
      ? storeIdOfServers(operationId)
      : storeIdOfCallers({ resource, subject, rules, operationId }),
    resource,
    subject,
    rules,
    content,
    at,
    expiresAt,
    onExpiry: commits ? 'commit' : 'release',
    isDegraded: isDegraded === 1,
  });
}

function withCounters(facts: ReservationFacts): NamedReservation {
  const { rules, subject } = facts;
  return { ...facts, counters: rules.map((rule) => ({ rule, ...counterKey(rule, subject) })) };
}

function attributesOf(subject: Subject): string[] {
  const attributes: string[] = [];
  for (const name of Object.keys(subject)) attributes.push(name, subject[name]!);
  return attributes;
}

function subjectOf(attributes: readonly string[]): Subject {
  const subject: Record<string, string> = {};
  for (let index = 0; index < attributes.length; index += 2)
    subject[attributes[index]!] = attributes[index + 1]!;
  return subject;
}

/** A server's id stands in the store without its tag (`OperationIds`). */
function storeIdOfServers(operationId: string): string {
  return operationId.slice(0, -TAG_LENGTH);
}

/** As `OperationIds` names a caller's id. */
function storeIdOfCallers({
  resource,
  subject,
  rules,
  operationId,
}: Pick<ReservationFacts, 'resource' | 'subject' | 'rules' | 'operationId'>): string {
  const attributes = [...new Set(rules.flatMap(({ per }) => per))].sort();
  const { name } = new Scope({ resource, attributes }, valuesOf(attributes, subject));
  return `${name} ${resource} ${operationId}`;
}

function tooLong(): QuotaError {
  return QuotaError.invalid('invalid-request', [
    { path: 'subject', ...said('subject-too-long', { to: MAX_RESERVATION_ID_LENGTH }) },
  ]);
}
