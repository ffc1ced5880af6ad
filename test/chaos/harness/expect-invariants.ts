import { expect } from '@jest/globals';
import type { DegradedCause, DegradePolicy } from '@sundial/contract';
import type { ModeChange } from './engine-node.js';
import type { EngineSite } from './engine-site.js';
import { excessOf } from './expected-counters.js';
import type { Experiment, FirstAttempt } from './experiment.js';
import { decisionOf } from './history.js';
import { brokenIn, unexplained } from './invariants.js';
import { story } from './story.js';

const DEADLINE_MS = 50;
const ALLOWANCE_MS = 15;
const EXACT_AGAIN_MS = 2_000;
/** What 200 calls a second have under way while an operation lives, and the settlements beside it, with room. */
const MOST_IN_FLIGHT = 200;

/**
 * What holds for one engine whatever happens to its store: what the campaign judges (I1, I2, I5), and I4, I6, I7, and
 * that answers say what they are (I14). A node of its own shares with no other: not a unit may be above a max, unless
 * policy is `allow`. Where a new master did not know of the last operations, as many may have been allowed again until
 * they were replayed.
 */
export async function expectInvariants(
  experiment: Experiment,
  site: EngineSite,
  { replayedOperations = 0 } = {},
): Promise<void> {
  const { verdict, accounts, attempts, calls, healedAt, endedAt } = experiment;
  await site.quiet();
  expect(calls.length).toBeGreaterThan(0);
  const { i1: _, ...broken } = brokenIn({ ...experiment, uncertain: 0 });
  expect({ ...broken, story: story(experiment) }).toMatchObject({ i2: 0, i5: 0, i16: 0 });
  expect(verdict.differences).toEqual([]);
  const tooMuch = [...accounts.values()].filter((one) => one.enforced && one.degrade !== 'allow');
  expect(unexplained(tooMuch, (one) => Math.max(0, excessOf(one) + one.byPolicy), replayedOperations)).toBe(
    0,
  );
  expect(tooLate(calls)).toEqual([]);
  const { modes } = site.node;
  expect(exactAgainMs(modes, healedAt)).toBeLessThanOrEqual(EXACT_AGAIN_MS);
  expect(exactAgainMs(modes, endedAt)).toBeLessThanOrEqual(EXACT_AGAIN_MS);
  expect(attempts.filter((attempt) => !isHonest(attempt))).toEqual([]);
  expect(modes.map(({ mode }) => mode)).toEqual(
    modes.map((_mode, index) => (index % 2 === 0 ? 'degraded' : 'exact')),
  );
  expect(site.peak.inFlight).toBeLessThanOrEqual(MOST_IN_FLIGHT);
  expect(site.peak.pending).toBeLessThanOrEqual(attempts.length);
}

/** From an instant until the engine was exact again; 0 when it was all the time. */
function exactAgainMs(modes: readonly ModeChange[], from: number): number {
  if (modes.findLast(({ at }) => at <= from)?.mode !== 'degraded') return 0;
  return (modes.find(({ mode, at }) => mode === 'exact' && at > from)?.at ?? Infinity) - from;
}

/** The share of the calls during the fault that the store decided. */
export function exactShareDuringFault(experiment: Experiment): number {
  return exactShare(duringFault(experiment));
}

export function exactShare(calls: readonly FirstAttempt[]): number {
  return calls.filter(({ attempt }) => decisionOf(attempt)?.degraded === null).length / calls.length;
}

/** Why the store did not decide the others. */
export function causesDuringFault(experiment: Experiment): DegradedCause[] {
  const causes = duringFault(experiment).flatMap(({ attempt }) => decisionOf(attempt)?.degraded?.cause ?? []);
  return [...new Set(causes)];
}

/** The calls that were due from 5 ms after the fault began until 60 ms before its end. */
function duringFault({ calls, injectedAt, healedAt }: Experiment): FirstAttempt[] {
  return calls.filter(({ dueAt }) => dueAt >= injectedAt + 5 && dueAt <= healedAt - 60);
}

/** All but one answer in a thousand come in time; of fewer, all but one in a hundred: one stall meets several. */
function tooLate(calls: readonly FirstAttempt[]): FirstAttempt[] {
  const late = calls.filter(({ oursMs }) => oursMs > DEADLINE_MS + ALLOWANCE_MS);
  return late.length <= Math.ceil(calls.length / (calls.length < 1_000 ? 100 : 1_000)) ? [] : late;
}

/** A degraded answer names its rule's policy, and the reason that goes with it. */
function isHonest(attempt: Experiment['attempts'][number]): boolean {
  const decision = decisionOf(attempt);
  if (!decision) return false;
  const policy = attempt.operation.resource as DegradePolicy;
  const { degraded, reason, allowed } = decision;
  if (degraded === null) return reason === (allowed ? 'ok' : 'limit-reached');
  if (degraded.policy !== policy) return false;
  if (policy === 'local') return reason === (allowed ? 'ok' : 'limit-reached');
  return reason === 'degraded' && allowed === (policy === 'allow');
}
