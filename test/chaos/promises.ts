import { expect } from '@jest/globals';
import type { DegradedCause } from '@sundial/contract';
import { MAX_PER_HOUR, type Audit, type Endured, type Told } from './ordeal.js';

const DEADLINE_MS = 50;
const ALLOWANCE_MS = 15;
const EXACT_AGAIN_MS = 2_000;
/** What is asked within the half second that a silent connection lives, and the settlements beside it, with room. */
const MOST_IN_FLIGHT = 200;

/**
 * What holds whatever happens to the store (I1, I2, I4, I5, I6, I7, I8, and that answers say what they are). Where a
 * new master did not know of the last units, as many may have been allowed again until it was told.
 */
export function expectPromisesKept(
  endured: Endured,
  audits: readonly Audit[],
  { unitsToldAgain = 0 } = {},
): void {
  const { told, errors, modes, recoveredMs, most } = endured;
  expect(errors).toEqual([]);
  expect(tooLate(told)).toEqual([]);
  expect(recoveredMs).toBeLessThanOrEqual(EXACT_AGAIN_MS);
  expect(audits).toEqual(audits.map((audit) => ({ ...audit, hour: audit.allowed, day: audit.allowed })));
  const tooMuch = audits.filter(({ policy, allowed }) => policy !== 'allow' && allowed > MAX_PER_HOUR);
  const excess = tooMuch.reduce((sum, { allowed }) => sum + allowed - MAX_PER_HOUR, 0);
  expect({ tooMuch, isCovered: excess <= unitsToldAgain }).toMatchObject({ isCovered: true });
  expect(told.filter((entry) => !isHonest(entry))).toEqual([]);
  expect(modes.map(({ mode }) => mode)).toEqual(
    modes.map((_, index) => (index % 2 === 0 ? 'degraded' : 'exact')),
  );
  expect(most.inFlight).toBeLessThanOrEqual(MOST_IN_FLIGHT);
  expect(most.owed).toBeLessThanOrEqual(told.length);
}

/** All but one answer in a thousand come in time; of fewer, all but one in a hundred: one stall meets several. */
function tooLate(told: readonly Told[]): Told[] {
  const late = told.filter(({ latencyMs }) => latencyMs > DEADLINE_MS + ALLOWANCE_MS);
  return late.length <= Math.ceil(told.length / (told.length < 1_000 ? 100 : 1_000)) ? [] : late;
}

/** A degraded answer names its rule's policy, and the reason that goes with it. */
function isHonest({ policy, decision }: Told): boolean {
  const { degraded, reason, allowed } = decision;
  if (degraded === null) return reason === (allowed ? 'ok' : 'limit-reached');
  if (degraded.policy !== policy) return false;
  if (policy === 'local') return reason === (allowed ? 'ok' : 'limit-reached');
  return reason === 'degraded' && allowed === (policy === 'allow');
}

/** The answers that were due from `sinceMs` after the fault began until 60 ms before its end. */
function duringFault({ told, injectedAt, healedAt }: Endured, sinceMs: number): Told[] {
  return told.filter(({ dueAt }) => dueAt >= injectedAt + sinceMs && dueAt <= healedAt - 60);
}

/** The share of them that the store gave. */
export function exactShareDuringFault(endured: Endured, sinceMs = 5): number {
  const during = duringFault(endured, sinceMs);
  return during.filter(({ decision }) => decision.degraded === null).length / during.length;
}

/** Why the store did not give the others. */
export function causesDuringFault(endured: Endured): DegradedCause[] {
  return [...new Set(duringFault(endured, 5).flatMap(({ decision }) => decision.degraded?.cause ?? []))];
}
