import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CheckRequest, Subject } from '@sundial/contract';
import { OperationIds } from './operation-ids.js';
import { Scope, valuesOf } from './scope.js';
import { Secret, SharedSecret } from './secret.js';

const REQUEST: CheckRequest = { resource: 'ocr', subject: { user: 'u1' } };

function nameAs(
  ids: OperationIds,
  { resource, subject, operationId }: CheckRequest,
  { amount = 1, attributes = ['user'] }: { amount?: number; attributes?: readonly string[] } = {},
) {
  const request = operationId === undefined ? { resource, subject } : { resource, subject, operationId };
  return ids.name(request, { amount }, scopeOf(resource, attributes, subject));
}

function scopeOf(resource: string, attributes: readonly string[], subject: Subject): Scope {
  return new Scope({ resource, attributes }, valuesOf(attributes, subject));
}

describe('OperationIds', () => {
  const secrets = new SharedSecret();
  const ids = new OperationIds(secrets);
  /** Another node of the same store. */
  const elsewhere = new OperationIds(new SharedSecret(new Secret(secrets.current.bytes)));

  it('know an id that a server made again, on every node of its store', () => {
    // More than are made pads for at once.
    for (let i = 0; i < 2_500; i++) {
      const { operationId, operation } = nameAs(ids, REQUEST);
      expect(operationId).toMatch(/^[\x21-\x7e]{1,128}$/);
      expect(operation.id).toBe(operation.attempt);
      for (const node of [ids, elsewhere])
        expect(nameAs(node, { ...REQUEST, operationId }).operation.id).toBe(operation.id);
    }
  });

  it('know it after its node has adopted the secret of the store, and it made the id before', () => {
    const own = new SharedSecret();
    const node = new OperationIds(own);
    const { operationId, operation } = nameAs(node, REQUEST);
    own.adopt(secrets.current.bytes);
    expect(nameAs(node, { ...REQUEST, operationId }).operation.id).toBe(operation.id);
    const { operationId: later, operation: made } = nameAs(node, REQUEST);
    expect(nameAs(ids, { ...REQUEST, operationId: later }).operation.id).toBe(made.id);
  });

  it('take any other id for its caller’s, whatever it looks like', () => {
    const { operationId, operation } = nameAs(ids, REQUEST);
    const [process, number, tag] = operationId.split('.') as [string, string, string];
    const next = (parseInt(number, 36) + 1).toString(36);
    const forged = [
      `${process}.${next}.${tag}`,
      `${process}.0${number}.${tag}`,
      `${process}.${number}.${tag.slice(0, -1)}${tag.endsWith('A') ? 'B' : 'A'}`,
      `${process}.${number}.${tag}=`,
      `${process}.${number}`,
      `${process}.${'z'.repeat(11)}.${tag}`,
      operation.attempt,
      'mine',
    ];
    for (const id of forged) {
      const named = nameAs(ids, { ...REQUEST, operationId: id });
      expect(named.operationId).toBe(id);
      expect(named.operation.id).toBe(`${scopeOf('ocr', ['user'], REQUEST.subject).name} ocr ${id}`);
    }
    const foreign = new OperationIds(new SharedSecret());
    expect(nameAs(foreign, { ...REQUEST, operationId }).operation.id).toMatch(/ ocr /);
  });

  it('foretell nothing: seeing ids of any subjects, a caller that changes number or tag meets no server’s id', () => {
    const seen = Array.from({ length: 200 }, (_, i) =>
      nameAs(ids, { resource: 'ocr', subject: { user: `u${i % 3}` } }).operationId.split('.'),
    );
    const seenIds = new Set(seen.map((parts) => parts.join('.')));
    fc.assert(
      fc.property(
        fc.nat({ max: 199 }),
        fc.nat({ max: 199 }),
        fc.integer({ min: -300, max: 300 }),
        (one, other, off) => {
          const number = parseInt(seen[one]![1]!, 36) + off;
          const id = `${seen[one]![0]}.${Math.max(0, number).toString(36)}.${seen[other]![2]}`;
          if (seenIds.has(id)) return;
          for (const user of ['u0', 'u1', 'u2'])
            expect(nameAs(ids, { resource: 'ocr', subject: { user }, operationId: id }).operation.id).toMatch(
              / ocr /,
            );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('know an id only where it was given: with the resource and what its rules count by', () => {
    const { operationId, operation } = nameAs(ids, REQUEST);
    const elsewhereIn = [
      nameAs(ids, { resource: 'asr', subject: { user: 'u1' }, operationId }),
      nameAs(ids, { resource: 'ocr', subject: { user: 'u2' }, operationId }),
      nameAs(ids, { resource: 'ocr', subject: { user: 'u1' }, operationId }, { attributes: [] }),
    ];
    for (const named of elsewhereIn) expect(named.operation.id).not.toBe(operation.id);
    const other = { resource: 'ocr', subject: { user: 'u1', grade: '3' }, operationId };
    expect(nameAs(ids, other).operation.id).toBe(operation.id);
  });

  it('keep one caller’s id apart by resource and by what is counted, and by nothing else', () => {
    const anyValue = fc.string({
      unit: fc.constantFrom('a', ' ', '1', '\ud800', '\udc00', 'é'),
      minLength: 1,
      maxLength: 4,
    });
    const anyNamed = fc.record({
      resource: fc.constantFrom('a', 'a:b', 'b'),
      subject: fc.record({ user: anyValue, grade: anyValue, city: anyValue }),
      operationId: fc.constantFrom('x', 'x y', 'y', 'b x'),
      attributes: fc.constantFrom<readonly string[]>([], ['user'], ['grade', 'user']),
    });
    const scopeOf = ({
      resource,
      subject,
      operationId,
      attributes,
    }: typeof anyNamed extends fc.Arbitrary<infer T> ? T : never) =>
      JSON.stringify([resource, operationId, attributes.map((name) => [name, subject[name as 'user']])]);
    fc.assert(
      fc.property(anyNamed, anyNamed, (one, other) => {
        const [id, otherId] = [one, other].map((each) => nameAs(ids, each, each).operation.id);
        expect(id === otherId).toBe(scopeOf(one) === scopeOf(other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are new attempts each time', () => {
    const named = [1, 2].map(() => nameAs(ids, { ...REQUEST, operationId: 'mine' }));
    const unnamed = [1, 2].map(() => nameAs(ids, REQUEST));
    expect(named[0]!.operation.id).toBe(named[1]!.operation.id);
    const attempts = [...named, ...unnamed].map(({ operation: { attempt } }) => attempt);
    expect(new Set(attempts).size).toBe(4);
    for (const attempt of attempts) expect(attempt).toMatch(/^[^\s,]+$/);
  });
});

describe('the content of an operation', () => {
  const secrets = new SharedSecret();
  const ids = new OperationIds(secrets);
  const contentOf = (subject: Subject, amount = 1) =>
    nameAs(ids, { resource: 'ocr', subject, operationId: 'x' }, { amount }).operation.content;

  it('has the amount as it is, so no two amounts are one content', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        expect(contentOf({ user: 'u' }, one) === contentOf({ user: 'u' }, other)).toBe(one === other);
      }),
    );
    expect(contentOf({ user: 'u' }, Number.MAX_SAFE_INTEGER)).toBe('2gosa7pa2gv');
  });

  it('is one however the request is written down, and another for any other value of any attribute', () => {
    const anySubject = fc
      .dictionary(
        fc.constantFrom('a', 'b', 'ab'),
        fc.string({
          unit: fc.constantFrom('a', 'b', ' ', '1', '\ud800', '\udc00'),
          minLength: 1,
          maxLength: 8,
        }),
      )
      .map((others) => ({ ...others, user: 'u' }));
    const text = (subject: object) => JSON.stringify(Object.entries(subject).sort());
    fc.assert(
      fc.property(anySubject, anySubject, fc.nat({ max: 2 }), fc.nat({ max: 2 }), (one, other, n, m) => {
        const isSame = text(one) === text(other) && n === m;
        expect(contentOf(one, n) === contentOf(other, m)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hides what it hashes behind the secret: what collides or not cannot be found out without it', () => {
    const others = new OperationIds(new SharedSecret());
    const subject = { user: 'u', grade: '3' };
    const [here, there] = [ids, others].map(
      (of) => nameAs(of, { resource: 'ocr', subject, operationId: 'x' }).operation.content,
    );
    expect(here).toMatch(/^1~[\w-]{12}$/);
    expect(here).not.toBe(there);
  });

  it('does not collide for those who search: 200,000 values, and no two contents alike', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 200_000; i++)
      seen.add(contentOf({ user: 'u', trace: `${i.toString(36)}` }, 1 + (i % 2) * 4_999));
    expect(seen.size).toBe(200_000);
  });
});
