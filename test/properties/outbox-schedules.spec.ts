import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../support/runs.js';
import { setImmediate as turn } from 'node:timers/promises';
import { Journal, type JournalSync } from '../../libs/resilience/src/journal/journal.js';
import { RecoveredSettlements } from '../../libs/resilience/src/journal/recovered-settlements.js';
import type { PendingSettlement } from '../../libs/resilience/src/outbox/pending-settlement.js';
import { Modelled, NEVER_MS, pendingOf, RELEASED, type Answer, type Kind } from './modelled-outbox.js';
import { recoveredFrom } from './scheduled-disk.js';

type Step = fc.AsyncCommand<object, Modelled>;

function step(name: string, act: (modelled: Modelled) => void): Step {
  const run = async (_model: object, modelled: Modelled) => {
    act(modelled);
    modelled.verify();
  };
  return { check: () => true, run, toString: () => name };
}

const ids = fc.constantFrom('a', 'b');
const kinds = fc.constantFrom<Kind>('promise', 'allow', 'void', 'refund');
const steps = fc.commands(
  [
    fc
      .tuple(ids, kinds, fc.boolean())
      .map(([id, kind, isInTime]) =>
        step(`enqueue ${id} ${kind}${isInTime ? '' : ' due at once'}`, (modelled) =>
          modelled.enqueue(id, kind, isInTime),
        ),
      ),
    fc
      .tuple(ids, fc.constantFrom('', '\n'), fc.constantFrom<'taken' | 'expired'>('taken', 'expired'))
      .map(([id, prefix, outcome]) =>
        step(`heard ${outcome} of ${prefix ? 'void ' : ''}${id}`, (modelled) =>
          modelled.heard(`${prefix}${id}`, outcome),
        ),
      ),
    fc.integer({ min: 1, max: 3 }).map((max) => step(`send ${max}`, (modelled) => modelled.send(max))),
    fc
      .integer({ min: 0, max: 9 })
      .map((n) =>
        n === 9 ? step('close', (modelled) => modelled.close()) : step('tend', (modelled) => modelled.tend()),
      ),
  ],
  { maxCommands: 40, size: 'max' },
);
const syncs = fc.constantFrom<JournalSync>('strict', 'strict', 'group');
const faultLists = fc.array(fc.boolean(), { maxLength: 12 });
const answerLists = fc.array(fc.constantFrom<Answer>('answered', 'unanswered', 'late'), { maxLength: 12 });

describe('The outbox and its journal, whatever ends first', () => {
  // Hundreds of schedules, on a machine that may be busy.
  jest.setTimeout(60_000);
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['performance', 'nextTick', 'queueMicrotask', 'Date', 'hrtime'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('have each settlement pending once until it is acknowledged, and the file restores it after a crash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        syncs,
        faultLists,
        answerLists,
        steps,
        async (scheduler, sync, faults, answers, commands) => {
          const modelled = new Modelled({ scheduler, sync, faults, answers });
          await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: modelled }), commands);
          await modelled.settle();
          await modelled.heal();
          await modelled.sendAll();
          await modelled.end();
        },
      ),
      { numRuns: runs({ inTest: 120, inCampaign: 300 }) },
    );
  });

  it('count what callers were answered yes for, once, also when a full outbox can only add operations up', async () => {
    const amounts = fc.array(fc.record({ amount: fc.integer({ min: 1, max: 9 }), isInTime: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        faultLists,
        answerLists,
        amounts,
        async (scheduler, faults, answers, operations) => {
          const capacity = { max: 4, reservedForUnknown: 3 };
          const modelled = new Modelled({ scheduler, sync: 'strict', faults, answers }, capacity);
          const actions = operations.flatMap(({ amount, isInTime }, n) => [
            { label: `add ${amount}`, builder: async () => modelled.add(`op ${n}`, amount, isInTime) },
            n % 3 === 2
              ? { label: 'send', builder: async () => modelled.sendSums() }
              : { label: 'tend', builder: async () => modelled.tend() },
          ]);
          scheduler.scheduleSequence(actions);
          await modelled.settle();
          await modelled.settleSums();
          expect(modelled.counted).toBe(modelled.promised);
          await modelled.end();
        },
      ),
      { numRuns: runs({ inTest: 120, inCampaign: 300 }) },
    );
  });

  // The line of the sum had failed; when it had grown, only that was written, and no later process knew the sum.
  it('restore a sum that has grown, also when the disk took none of its lines before and has no room to be rewritten', async () => {
    let [content, isFull] = ['', true];
    const noSpace = () => Promise.reject(new Error('No space left'));
    const append = async (lines: () => string) => {
      await turn();
      const text = lines();
      if (isFull) return noSpace();
      content += text;
    };
    const file = {
      bytes: 0,
      append,
      rewrite: noSpace,
      look: () => undefined,
      close: () => Promise.resolve(),
    };
    const parts = { file, slot: RELEASED, recovered: new RecoveredSettlements() };
    const journal = new Journal({ sync: 'strict' }, parts);
    const sumOf = (operations: number): PendingSettlement => ({
      ...pendingOf('sum', { attempt: 'sum', kind: 'promise', amount: operations }),
      operations,
    });
    const dueAt = performance.now() + NEVER_MS;
    expect(await journal.enqueue(sumOf(1), { dueAt, isKnown: false })).toBe(false);
    isFull = false;
    jest.advanceTimersByTime(1_000);
    expect(await journal.enqueue(sumOf(2), { dueAt, isKnown: true })).toBe(true);
    expect([...recoveredFrom(content).values()]).toEqual([sumOf(2)]);
    await journal.close();
  });
});
