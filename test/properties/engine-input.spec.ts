import { type CheckRequest, QuotaError } from '@sundial/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveRules, MemoryStore, type QuotaEngine, RuleBook } from '@sundial/engine';
import fc from 'fast-check';
import { aRule } from '../contract/rules.js';
import { engineOn } from '../support/engine-on.js';

const anyJunk = fc.anything({
  ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true },
  ...{ withNullPrototype: true, withObjectString: true, withSparseArray: true, stringUnit: 'binary' },
});
const anyValid = fc.record(
  {
    resource: fc.constantFrom('ocr', 'asr', 'none'),
    subject: fc.record({
      user: fc.constantFrom('u1', '{}', '}', '\ud800', '\0', 'x'.repeat(256)),
      grade: fc.constantFrom('1', '2'),
    }),
    amount: fc.nat({ max: 3 }),
    amounts: fc.dictionary(fc.constantFrom('tokens', 'constructor', '0'), fc.nat({ max: 3 })),
    operationId: fc.constantFrom('a', 'b', ' ', '~'),
  },
  { requiredKeys: ['resource', 'subject'] },
);
const anyName = fc.oneof(
  fc.constantFrom(
    'user',
    'grade',
    'constructor',
    'toString',
    '__proto__',
    'resource',
    'amount',
    'amounts',
    'units',
    'tokens',
    'operationId',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
/** A field, of the request, its subject or its amounts, that becomes something else. */
const anyChange = fc.record({
  where: fc.constantFrom('request', 'subject', 'amounts'),
  name: anyName,
  value: fc.oneof(anyJunk, fc.string({ unit: 'binary', maxLength: 300 }), fc.double()),
});
/** Right in most places: what is wrong everywhere is refused at the first look. */
const anyInput = fc.oneof(
  { weight: 1, arbitrary: anyJunk },
  {
    weight: 9,
    arbitrary: fc.tuple(anyValid, fc.array(anyChange, { maxLength: 2 })).map(([valid, changes]) => {
      const parts: Record<'request' | 'subject' | 'amounts', Record<string, unknown>> = {
        request: { ...valid },
        subject: { ...valid.subject },
        amounts: { ...valid.amounts },
      };
      for (const { where, name, value } of changes)
        Object.defineProperty(parts[where], name, { value, enumerable: true, writable: true });
      const { request, subject, amounts } = parts;
      return {
        ...request,
        ...(request['subject'] === valid.subject && { subject }),
        ...(request['amounts'] === valid.amounts && valid.amounts !== undefined && { amounts }),
      };
    }),
  },
) as fc.Arbitrary<CheckRequest>;

const VERBS: readonly ((engine: QuotaEngine, input: CheckRequest) => Promise<unknown>)[] = [
  (engine, input) => engine.check(input),
  (engine, input) => engine.checkBatch([input]),
  (engine, input) => engine.usage(input),
];

/** Ids and bodies of reservations: with what is no id of one, none is ever found. */
const RESERVATION_VERBS: readonly ((engine: QuotaEngine, input: unknown) => Promise<unknown>)[] = [
  (engine, input) => engine.commit('WzEs', input as never),
  (engine, input) => engine.release('WzEs', input as never),
  (engine, input) => engine.extend('WzEs', input as never),
  (engine, input) => engine.commit(input as string),
  (engine, input) => engine.release(input as string),
  (engine, input) => engine.extend(input as string, {}),
  (engine, input) => engine.reservation(input as string),
  (engine, input) => engine.correctUsage(input as never),
];

describe('an engine that is asked anything', () => {
  let engine: QuotaEngine;
  beforeAll(async () => {
    const rules = new LiveRules();
    const plenty = [{ window: 'day', max: Number.MAX_SAFE_INTEGER }] as const;
    const book = [
      aRule({ id: 'a' }),
      aRule({ id: 'b', resource: 'asr', per: ['constructor', 'grade'], limits: plenty }),
      aRule({ id: 'c', limits: [{ window: 'day', meter: 'constructor', max: 9 }] }),
    ];
    rules.apply(new RuleBook(1, book));
    engine = engineOn({ store: await MemoryStore.open(), rules });
  });
  afterAll(() => engine.close());

  it('decides or says what is wrong, and where: nothing else ever happens', async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyInput, async (input) => {
        for (const ask of VERBS) {
          const error: unknown = await ask(engine, input).then(
            () => undefined,
            (reason) => reason,
          );
          outcomes.add(error instanceof QuotaError ? error.code : 'answered');
          if (error === undefined) continue;
          expect(error).toBeInstanceOf(QuotaError);
          const { code, errors } = error as QuotaError;
          expect(['invalid-request', 'operation-conflict']).toContain(code);
          if (code === 'invalid-request') expect(errors.length).toBeGreaterThan(0);
          for (const { path, message } of errors) expect(`${path}${message}`).toMatch(/^[\x20-\x7e]{1,300}$/);
        }
      }),
      { numRuns: 800 },
    );
    expect([...outcomes].sort()).toEqual(['answered', 'invalid-request', 'operation-conflict']);
  });

  it('ends no reservation that it did not make', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(anyInput, fc.string({ unit: 'binary' }), fc.base64String()),
        async (input) => {
          for (const ask of RESERVATION_VERBS) {
            const error: unknown = await ask(engine, input).catch((reason: unknown) => reason);
            expect(error).toBeInstanceOf(QuotaError);
            const { code, errors } = error as QuotaError;
            expect(['invalid-request', 'reservation-not-found', 'rule-not-found']).toContain(code);
            if (code === 'invalid-request') expect(errors.length).toBeGreaterThan(0);
            for (const { path, message } of errors)
              expect(`${path}${message}`).toMatch(/^[\x20-\x7e]{1,300}$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
