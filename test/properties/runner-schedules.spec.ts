import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DegradePolicy } from '@sundial/contract';
import fc from 'fast-check';
import { runs } from '../support/runs.js';
import type { ModelledRunner as Modelled } from './modelled-runner.js';
import type { CallOutcome } from './scheduled-store.js';

// Time passes when the test says so, also for what imports its timers.
jest.unstable_mockModule('node:perf_hooks', () => ({
  performance: { now: () => globalThis.performance.now() },
}));
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown) => new Promise((resolve) => setTimeout(resolve, ms, value)),
  setImmediate: () => new Promise((resolve) => setImmediate(resolve)),
}));
const { ModelledRunner } = await import('./modelled-runner.js');

const HALF_PAST = Date.UTC(2026, 10, 22, 12, 30);

type Step = fc.AsyncCommand<object, Modelled>;

function step(name: string, act: (modelled: Modelled) => void | Promise<void>): Step {
  return {
    check: () => true,
    run: async (_model: object, modelled: Modelled) => act(modelled),
    toString: () => name,
  };
}

const checks = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f').map((id) => {
  // One operation is one content: a caller that repeats its id asks for the same.
  const amount = 1 + (id.charCodeAt(0) % 2);
  return step(`check ${amount} as ${id}`, (modelled) => modelled.check(id, amount));
});
const passing = fc
  .constantFrom(5, 20, 60, 300)
  .map((ms) => step(`${ms} ms pass`, (modelled) => modelled.pass(ms)));
const closing = fc.constant(step('close', (modelled) => modelled.close()));
const outcomes = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<CallOutcome>('answered') },
    { weight: 2, arbitrary: fc.constantFrom<CallOutcome>('refused', 'lost', 'cut') },
  ),
  { maxLength: 30 },
);
const policies = fc.constantFrom<DegradePolicy>('local', 'deny', 'allow');

describe('A node whose store answers when and as it likes', () => {
  // Hundreds of schedules, on a machine that may be busy.
  jest.setTimeout(60_000);
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const played = (steps: fc.Arbitrary<Iterable<Step>>) =>
    fc.asyncProperty(
      fc.scheduler(),
      policies,
      outcomes,
      fc.boolean(),
      steps,
      async (scheduler, policy, some, isQueued, commands) => {
        jest.clearAllTimers();
        jest.setSystemTime(HALF_PAST);
        const setting = { scheduler, policy, outcomes: some, isQueued };
        const modelled = await ModelledRunner.open(setting);
        await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: modelled }), commands);
        await modelled.heal();
        await modelled.end();
        expect(jest.getTimerCount()).toBe(0);
      },
    );

  it('answers each check in time, and afterwards the store has counted what callers were answered', async () => {
    const steps = fc.commands([checks, checks, passing], { maxCommands: 40, size: 'max' });
    await fc.assert(played(steps), { numRuns: runs({ inTest: 80, inCampaign: 200 }) });
  });

  it('answers what is under way when it is closed, and asks the store nothing more', async () => {
    const steps = fc.commands([checks, checks, passing, closing], { maxCommands: 25, size: 'max' });
    await fc.assert(played(steps), { numRuns: runs({ inTest: 40, inCampaign: 100 }) });
  });
});
