import type { Decision, DecisionGate } from '@sundial/contract';
import type { EngineDecision } from '../decisions/counted-limit.js';
import type { BrakeInForce, GateInForce } from './controls-in-force.js';

/** What a decision says that no rule has made. */
interface Named {
  readonly operationId: string;
  readonly rulesVersion: number;
}

/** A refusal of a brake says to come back after this long, and up to twice as long: another operation may pass at once. */
const BRAKE_RETRY_MS = 1_000;

export function refusedByGate(
  { gate, shown, endsAt }: GateInForce,
  named: Named,
  now: number,
): EngineDecision {
  const { onDeny } = gate;
  return {
    ...refusal('gate-closed', named),
    ...(endsAt < Infinity && { retryAfterMs: untilEnd(endsAt, now) }),
    ...(onDeny && { onDeny }),
    ...(shown && { gate: shown }),
  };
}

/** `spread` is from 0 to below 1: those that are turned away together do not come back together. */
export function refusedByBrake(
  { brake, endsAt }: BrakeInForce,
  named: Named,
  { now, spread }: { readonly now: number; readonly spread: number },
): EngineDecision {
  const { onDeny } = brake;
  const retryAfterMs = Math.min(Math.round(BRAKE_RETRY_MS * (1 + spread)), untilEnd(endsAt, now));
  return { ...refusal('braked', named), retryAfterMs, ...(onDeny && { onDeny }) };
}

/** What an open gate passes is decided without any limit being enforced: here it gets its reason. */
export function passedByGate({ hint: _, ...decision }: EngineDecision, gate: DecisionGate): EngineDecision {
  // Where even so nothing could be promised: the disk of a strict journal, or too many holds.
  const isPassed = decision.allowed || decision.reason === 'no-rule';
  if (!isPassed) return { ...decision, gate };
  const wouldDeny = decision.limits.some(({ exceeded, soft }) => exceeded && soft !== true);
  return { ...decision, allowed: true, reason: 'gate-open', wouldDeny, gate };
}

function refusal(reason: Decision['reason'], { operationId, rulesVersion }: Named): EngineDecision {
  return {
    allowed: false,
    reason,
    operationId,
    replayed: false,
    wouldDeny: false,
    limits: [],
    degraded: null,
    rulesVersion,
  };
}

function untilEnd(endsAt: number, now: number): number {
  return Math.max(0, Math.ceil(endsAt - now));
}
