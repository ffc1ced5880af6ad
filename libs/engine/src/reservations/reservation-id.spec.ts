import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_RESERVATION_ID_LENGTH, QuotaError, type Rule, type Subject } from '@sundial/contract';
import { counterKey } from '../counters/counter-key.js';
import { OperationIds } from '../operations/operation-ids.js';
import { Scope, valuesOf } from '../operations/scope.js';
import { Secret, SharedSecret } from '../operations/secret.js';
import { type ReservationFacts, ReservationIds } from './reservation-id.js';

const secrets = new SharedSecret();
const ids = new ReservationIds(secrets);
/** It has made none of the ids that it reads. */
const reader = new ReservationIds(secrets);
const operations = new OperationIds(secrets);

type CountingRule = Pick<Rule, 'id' | 'resource' | 'per' | 'timeZone'>;
const PER_USER: CountingRule = {
  id: 'ocr-per-user',
  resource: 'ocr',
  per: ['user'],
  timeZone: 'Asia/Shanghai',
};

interface Taken {
  readonly subject?: Subject;
  readonly rules?: readonly CountingRule[];
  readonly operationId?: string;
  readonly onExpiry?: ReservationFacts['onExpiry'];
}

/** What an engine knows after a reserve. */
function facts({
  subject = { user: 'u1' },
  rules = [PER_USER],
  operationId,
  onExpiry = 'release',
}: Taken = {}): ReservationFacts {
  const { resource } = rules[0]!;
  const attributes = [...new Set(rules.flatMap(({ per }) => per))].sort();
  const scope = new Scope({ resource, attributes }, valuesOf(attributes, subject));
  const named = operations.name(
    { resource, subject, ...(operationId !== undefined && { operationId }) },
    { amount: 1, amounts: { tokens: 1_200 } },
    scope,
  );
  const at = 1_795_000_000_000;
  return {
    operationId: named.operationId,
    operation: named.operation.id,
    resource,
    subject,
    rules,
    content: named.operation.content,
    at,
    expiresAt: at + 60_000,
    onExpiry,
    isDegraded: onExpiry === 'commit',
  };
}

/** `expect` a hundred thousand times would take half a minute. */
function isFound(id: string): boolean {
  try {
    reader.decode(id);
    return true;
  } catch (error) {
    if (error instanceof QuotaError && error.code === 'reservation-not-found') return false;
    throw error;
  }
}

const NOT_FOUND = expect.objectContaining({ name: 'QuotaError', code: 'reservation-not-found' });

describe('a reservation id', () => {
  it('says what was reserved, and names its counters as the rules did', () => {
    const given = facts({ operationId: 'job-1', onExpiry: 'commit' });
    const { counters, ...found } = reader.decode(ids.encode(given));
    expect(found).toEqual(given);
    expect(counters).toEqual([{ rule: PER_USER, ...counterKey(PER_USER, given.subject) }]);
  });

  it('names the operation of the store for ids of servers and of callers', () => {
    const servers = facts();
    expect(reader.decode(ids.encode(servers)).operation).toBe(servers.operation);
    // It looks like a server's, and is not.
    const callers = facts({ operationId: servers.operationId.replace(/.$/, '~') });
    expect(reader.decode(ids.encode(callers)).operation).toBe(callers.operation);
    expect(callers.operation).not.toBe(servers.operation);
  });

  it('is short for what callers usually send', () => {
    expect(ids.encode(facts()).length).toBeLessThan(300);
  });

  it('is known on every node of the store, and on no other', () => {
    const id = ids.encode(facts());
    const node = new ReservationIds(new SharedSecret(new Secret(secrets.current.bytes)));
    expect(node.decode(id)).toEqual(reader.decode(id));
    const stranger = new ReservationIds(new SharedSecret());
    expect(() => stranger.decode(id)).toThrow(NOT_FOUND);
  });

  it('is known after its node has learnt the secret of its store', () => {
    const own = new SharedSecret();
    const node = new ReservationIds(own);
    const id = node.encode(facts());
    own.adopt(secrets.current.bytes);
    node.decode(id);
    // Now it is no longer among those that the node has made lately.
    expect(node.decode(id)).toEqual(expect.objectContaining({ resource: 'ocr' }));
    expect(reader.decode(node.encode(facts()))).toEqual(expect.objectContaining({ resource: 'ocr' }));
  });

  it('gives back any subject under any rules', () => {
    const anyValue = fc.string({
      unit: fc.constantFrom('a', ' ', '"', '\\', '\n', '\ud800', '\udc00', 'é', '🦊', '中', ':', '}'),
      minLength: 1,
      maxLength: 12,
    });
    const names = ['user', 'grade', 'city', 'constructor', 'toString'];
    const anySubject = fc.record(Object.fromEntries(names.map((name) => [name, anyValue])));
    const anyRule = fc.record({
      id: fc.constantFrom('a', 'b:c', 'x'.repeat(128)),
      resource: fc.constant('llm'),
      per: fc.subarray(names),
      timeZone: fc.constantFrom('UTC', 'Asia/Shanghai', 'America/Argentina/ComodRivadavia'),
    });
    const anyTaken = fc.record({
      subject: anySubject as fc.Arbitrary<Subject>,
      rules: fc.array(anyRule, { minLength: 1, maxLength: 4 }),
      operationId: fc.option(fc.constantFrom('~', 'a b', '0'.repeat(128)), { nil: undefined }),
      onExpiry: fc.constantFrom('release', 'commit'),
    });
    fc.assert(
      fc.property(anyTaken, (taken) => {
        const given = facts(taken as Taken);
        const { counters, ...found } = reader.decode(ids.encode(given));
        expect(found).toEqual(given);
        expect(counters.map(({ key }) => key)).toEqual(
          given.rules.map((rule) => counterKey(rule, given.subject).key),
        );
      }),
    );
  });
});

describe('a reservation id on the node that made it', () => {
  const namedBy = (given: ReservationFacts) => ({
    ...given,
    counters: given.rules.map((rule) => ({ rule, ...counterKey(rule, given.subject) })),
  });

  it('says the same, however often it is asked for', () => {
    const given = facts({ operationId: 'job-2', onExpiry: 'commit' });
    const id = ids.encode(given);
    for (let time = 0; time < 3; time++) expect(ids.decode(id)).toEqual(namedBy(given));
  });

  it('names the subject of the reserve, whatever its caller makes of the object since', () => {
    const subject: Record<string, string> = { user: 'u1' };
    const id = ids.encode(facts({ subject }));
    subject['user'] = 'u2';
    expect(ids.decode(id).subject).toEqual({ user: 'u1' });
    expect(ids.decode(id).subject).toEqual({ user: 'u1' });
  });

  it('is known when many more were made since', () => {
    const given = facts({ operationId: 'the first' });
    const id = ids.encode(given);
    for (let n = 0; n < 5_000; n++) ids.encode({ ...given, operationId: `then ${n}` });
    expect(ids.decode(id)).toEqual(namedBy(given));
  });
});

describe('what is no reservation id', () => {
  const id = ids.encode(facts({ operationId: 'job-1' }));

  it('is refused, and an id that was cut anywhere is none', () => {
    for (const other of [undefined, null, 7, {}, [id], '', '.', '..', 'ä', `${id}=`, `${id} `, ` ${id}`])
      expect(() => reader.decode(other)).toThrow(NOT_FOUND);
    const cut = Array.from({ length: id.length }, (_, length) => [id.slice(0, length), id.slice(length + 1)]);
    expect(cut.flat().filter(isFound)).toEqual([]);
    expect(() => reader.decode(id + id)).toThrow(NOT_FOUND);
  });

  it('is what differs from one in any character', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const forged = [...id].flatMap((own, index) =>
      [...alphabet]
        .filter((character) => character !== own)
        .map((character) => id.slice(0, index) + character + id.slice(index + 1)),
    );
    expect(forged.filter(isFound)).toEqual([]);
    expect(isFound(id)).toBe(true);
  });

  it('is one whose facts were written by a caller that knows the format, and not the secret', () => {
    const forger = new ReservationIds(new SharedSecret());
    const forged = forger.encode(facts({ subject: { user: 'u2' } }));
    expect(() => reader.decode(forged)).toThrow(NOT_FOUND);
    expect(() => reader.decode(forged.slice(0, -12) + id.slice(-12))).toThrow(NOT_FOUND);
  });
});

describe('the longest reservation ids', () => {
  const per = Array.from({ length: 8 }, (_, n) => `${'a'.repeat(31)}${n}`);
  const longestRule = { id: 'r'.repeat(128), resource: 'x'.repeat(128), per, timeZone: 'Asia/Shanghai' };
  const subjectOf = (character: string) =>
    Object.fromEntries(per.map((name) => [name, character.repeat(256)]));

  it('fit in a path for eight attributes of 256 characters that take four bytes each', () => {
    const given = facts({
      subject: subjectOf('🦊'),
      rules: [longestRule],
      operationId: '~'.repeat(128),
    });
    const id = ids.encode(given);
    expect(id.length).toBeGreaterThan(10_000);
    expect(id.length).toBeLessThanOrEqual(MAX_RESERVATION_ID_LENGTH);
    const { counters: _, ...found } = reader.decode(id);
    expect(found).toEqual(given);
  });

  it('are refused as bad input where they do not, before anything is held', () => {
    const given = facts({ subject: subjectOf('\u0001'), rules: [longestRule] });
    expect(() => ids.encode(given)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        errors: [expect.objectContaining({ path: 'subject' })],
      }),
    );
    expect(QuotaError.reservationNotFound().retryable).toBe(false);
  });
});
