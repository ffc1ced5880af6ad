import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DegradePolicy, OnExpiry } from '@sundial/contract';
import fc from 'fast-check';
import { runs } from '../support/runs.js';
import type { Job, ReservingNode as Node } from './reserving-node.js';
import type { CallOutcome } from './scheduled-store.js';

// Time passes when the test says so, also for what imports its timers.
jest.unstable_mockModule('node:perf_hooks', () => ({
  performance: { now: () => globalThis.performance.now() },
}));
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown) => new Promise((resolve) => setTimeout(resolve, ms, value)),
  setImmediate: () => new Promise((resolve) => setImmediate(resolve)),
}));
const { ReservingNode } = await import('./reserving-node.js');

const HALF_PAST = Date.UTC(2026, 10, 22, 12, 30);

type Step = fc.AsyncCommand<object, Node>;

function step(name: string, act: (node: Node) => void | Promise<void>): Step {
  return {
    check: () => true,
    run: async (_model: object, node: Node) => act(node),
    toString: () => name,
  };
}

const JOBS: readonly Job[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id, index) => ({
  id,
  tokens: 3 + index,
  ttlMs: index % 3 === 0 ? 1_000 : 60_000,
  onExpiry: (index % 2 === 0 ? 'release' : 'commit') satisfies OnExpiry,
}));
const anyJob = fc.constantFrom(...JOBS);
const steps = fc.commands(
  [
    anyJob.map((job) => step(`reserve ${job.id}`, (node) => node.reserve(job))),
    anyJob.map((job) => step(`reserve ${job.id}`, (node) => node.reserve(job))),
    fc
      .record({ job: anyJob, tokens: fc.constantFrom(0, 2, 8, 20) })
      .map(({ job, tokens }) => step(`commit ${job.id} ${tokens}`, (node) => node.commit(job.id, tokens))),
    anyJob.map((job) => step(`release ${job.id}`, (node) => node.release(job.id))),
    fc
      .record({ job: anyJob, more: fc.constantFrom(0, 2), ttlMs: fc.constantFrom(1_000, 2_500) })
      .map(({ job, more, ttlMs }) =>
        step(`extend ${job.id} by ${more} for ${ttlMs}`, (node) => node.extend(job.id, more, ttlMs)),
      ),
    fc.constantFrom(5, 20, 60, 300, 1_100).map((ms) => step(`${ms} ms pass`, (node) => node.pass(ms))),
  ],
  { maxCommands: 40, size: 'max' },
);
const outcomes = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<CallOutcome>('answered') },
    { weight: 2, arbitrary: fc.constantFrom<CallOutcome>('refused', 'lost', 'cut') },
  ),
  { maxLength: 30 },
);
const policies = fc.constantFrom<DegradePolicy>('local', 'deny', 'allow');

describe('A node that reserves, whose store answers when and as it likes', () => {
  // Hundreds of schedules, on a machine that may be busy.
  jest.setTimeout(60_000);
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('has counted and held, afterwards, what callers were answered', async () => {
    await fc.assert(fc.asyncProperty(fc.scheduler(), policies, outcomes, steps, isExactAfterwards), {
      numRuns: runs({ inTest: 60, inCampaign: 150 }),
    });
  });

  it('has counted a commit whose reservation had expired before the store heard of its extension', async () => {
    const [a] = JOBS as [Job];
    const history = [
      step('reserve a', (node) => node.reserve(a)),
      step('extend a', (node) => node.extend(a.id, 0, 2_500)),
      step('commit a', (node) => node.commit(a.id, 20)),
      step('1100 ms pass', (node) => node.pass(1_100)),
    ];
    const some: CallOutcome[] = ['answered', 'refused'];
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), (scheduler) => isExactAfterwards(scheduler, 'local', some, history)),
      { numRuns: runs({ inTest: 10, inCampaign: 20 }) },
    );
  });

  async function isExactAfterwards(
    scheduler: fc.Scheduler,
    policy: DegradePolicy,
    some: readonly CallOutcome[],
    commands: Iterable<Step>,
  ): Promise<void> {
    jest.clearAllTimers();
    jest.setSystemTime(HALF_PAST);
    const node = new ReservingNode({ scheduler, policy, outcomes: some });
    await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: node }), commands);
    await node.heal();
    await node.end();
    expect(jest.getTimerCount()).toBe(0);
  }
});
