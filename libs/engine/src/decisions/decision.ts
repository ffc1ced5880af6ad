import {
  UNITS_METER,
  type Decision,
  type DecisionReason,
  type DecisionWarning,
  type Degraded,
  type LimitState,
  type OnDeny,
  type Rule,
} from '@sundial/contract';
import type { Allowance } from '../counters/allowance.js';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { unitsOf, type Takes } from '../operations/amounts.js';
import type { Counts } from '../stores/counter-ref.js';
import type { TakeResult } from '../stores/take.js';
import { NEVER, unitOf } from '../windows/window.js';
import { enforcedMax } from '../stores/overrides.js';
import { allowanceOf } from './allowance.js';
import { CountedLimit, type EngineDecision } from './counted-limit.js';

/** What every answer to one check says, with or without the store. */
export interface DecisionContext {
  readonly operationId: string;
  readonly rulesVersion: number;
  readonly degraded: Degraded | null;
}

/** The decision of a check that the store decided; `now` is the store's. */
export function decisionOf(
  check: Omit<DecisionContext, 'degraded'> & Takes,
  decided: Decided,
  now: number,
): EngineDecision {
  const { operationId, rulesVersion } = check;
  const context = { operationId, rulesVersion, degraded: null };
  const { outcome, counts } = decided;
  switch (outcome) {
    case 'taken':
      return withPacks(taken(counts, check, context), decided.packs);
    case 'replayed':
      return withPacks(replayed(counts, context), decided.packs);
    case 'refused':
      return refused(counts, check, context, now);
    default:
      return outcome satisfies never;
  }
}

function withPacks(decision: EngineDecision, packs: EngineDecision['packs']): EngineDecision {
  return packs === undefined ? decision : { ...decision, packs };
}

/** The answer of a store that has decided. */
export type Decided = Exclude<
  Extract<TakeResult<PlannedLimit>, { readonly counts: PlannedCounts }>,
  { readonly outcome: 'full' | 'too-many-holds' }
>;
type PlannedCounts = Counts<PlannedLimit>;

/** Every limit has room for what it takes, and that is counted (`counts` include it) or was nothing. */
export function taken(counts: PlannedCounts, takes: Takes, context: DecisionContext): EngineDecision {
  const limits = statesOf(counts, takes, 'counted');
  const { operationId, degraded, rulesVersion } = context;
  // Written out, as in `refused`: one of them makes nearly every answer, and spreading costs more than all else in it.
  const decision: Writable<EngineDecision> = {
    allowed: true,
    reason: 'ok',
    operationId,
    replayed: false,
    wouldDeny: false,
    limits,
    degraded,
    rulesVersion,
  };
  if (limits.some(isExceeded)) {
    decision.wouldDeny = wouldDeny(limits);
    const warnings = warningsOf(counts, takes, 'counted');
    if (warnings !== undefined) decision.warnings = warnings;
  }
  return decision;
}

/** The operation was allowed before; limits are as they are now, and none of them was asked. */
export function replayed(counts: PlannedCounts, context: DecisionContext): EngineDecision {
  const limits = limitStates(counts, NOTHING_ASKED);
  return { ...ALLOWED, operationId: context.operationId, replayed: true, limits, ...rest(context) };
}

/** At least one enforced limit has no room for what it takes; nothing was counted (`counts` leave it out). */
export function refused(
  counts: PlannedCounts,
  takes: Takes,
  { operationId, degraded, rulesVersion }: DecisionContext,
  now: number,
): EngineDecision {
  const limits = statesOf(counts, takes, 'asked');
  const { hopeless, retryAtMs, onDeny } = refusalOf(counts, takes);
  const decision: Writable<EngineDecision> = {
    allowed: false,
    reason: hopeless ? 'amount-exceeds-limit' : 'limit-reached',
    operationId,
    replayed: false,
    wouldDeny: wouldDeny(limits),
    limits,
    degraded,
    rulesVersion,
  };
  if (!hopeless && retryAtMs !== undefined) decision.retryAfterMs = Math.max(0, Math.ceil(retryAtMs - now));
  if (onDeny !== undefined) decision.onDeny = onDeny;
  return decision;
}

/** No rule counts this resource; `hint` is the known one with the most similar name. */
export function noRule(
  allowed: boolean,
  {
    operationId,
    rulesVersion,
    hint,
  }: Omit<DecisionContext, 'degraded'> & { readonly hint?: string | undefined },
): EngineDecision {
  const decision: Writable<EngineDecision> = {
    ...ALLOWED,
    allowed,
    reason: 'no-rule',
    operationId,
    rulesVersion,
  };
  if (hint !== undefined) decision.hint = hint;
  return decision;
}

/** A policy decided without the store; `known` is what this node knew last, if anything. */
export function byPolicy(
  allowed: boolean,
  known: PlannedCounts,
  takes: Takes,
  context: DecisionContext & { readonly onDeny?: OnDeny | undefined },
): EngineDecision {
  const limits = statesOf(known, takes, 'counted');
  const { operationId, onDeny } = context;
  const warnings = allowed ? warningsOf(known, takes, 'asked') : undefined;
  return {
    ...ALLOWED,
    allowed,
    reason: 'degraded',
    operationId,
    limits,
    ...(warnings && { warnings }),
    ...(onDeny && { onDeny }),
    ...rest(context),
  };
}

/** The states of limits of which nothing is asked: none is exceeded. */
export function currentStates(counts: PlannedCounts): CountedLimit[] {
  return limitStates(counts, NOTHING_ASKED);
}

/** Every limit has room, and a counter has as many live reservations as it can have. */
export function tooManyHolds(counts: PlannedCounts, takes: Takes, context: DecisionContext): EngineDecision {
  const limits = statesOf(counts, takes, 'counted');
  const { operationId } = context;
  return { ...ALLOWED, allowed: false, reason: 'too-many-holds', operationId, limits, ...rest(context) };
}

/** The states of all limits; `exceeded` where `asked` more units do not fit. */
export function limitStates(counts: PlannedCounts, asked: number): CountedLimit[] {
  const states: CountedLimit[] = [];
  for (const count of counts) states.push(new CountedLimit(count, asked));
  return states;
}

/** The soft limits that have no room for what is asked of them, on top of these counts or counted in them; undefined: none. */
function warningsOf(
  counts: PlannedCounts,
  asked: Takes,
  of: 'asked' | 'counted',
): readonly DecisionWarning[] | undefined {
  let warnings: DecisionWarning[] | undefined;
  for (const count of counts) {
    const { limit, used, reserved } = count;
    const { rule, definition } = limit;
    if (definition.soft !== true || rule.mode !== 'enforce') continue;
    const { max } = allowanceOf(count);
    const takes = unitsOf(limit, asked);
    if (max === null || takes === 0 || used + reserved + (of === 'asked' ? takes : 0) <= max) continue;
    const { window, meter = UNITS_METER, onWarn } = definition;
    warnings ??= [];
    warnings.push({ rule: rule.id, window, meter, ...(onWarn && { onWarn }) });
  }
  return warnings;
}

/** The states in a decision: exceeded where what a limit takes has no room; never where it takes nothing. */
function statesOf(counts: PlannedCounts, asked: Takes, of: 'asked' | 'counted'): CountedLimit[] {
  const states: CountedLimit[] = [];
  for (const count of counts) {
    const takes = unitsOf(count.limit, asked);
    states.push(new CountedLimit(count, takes === 0 ? NOTHING_ASKED : of === 'asked' ? takes : 0));
  }
  return states;
}

/** With this, none is exceeded. */
const NOTHING_ASKED = -Infinity;

const ALLOWED: EngineDecision = {
  allowed: true,
  reason: 'ok' satisfies DecisionReason,
  operationId: '',
  replayed: false,
  wouldDeny: false,
  limits: [],
  degraded: null,
  rulesVersion: 0,
};

function rest({ degraded, rulesVersion }: DecisionContext): Pick<Decision, 'degraded' | 'rulesVersion'> {
  return { degraded, rulesVersion };
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

function isExceeded({ exceeded }: LimitState): boolean {
  return exceeded;
}

function wouldDeny(limits: readonly LimitState[]): boolean {
  return limits.some(({ mode, exceeded, soft }) => mode === 'observe' && exceeded && soft !== true);
}

/** What the refusing limits have in common. */
interface Refusal {
  /** One of them takes more than it ever has, and waiting can never help. */
  readonly hopeless: boolean;
  /**
   * When the last of their windows ends or, of one that takes more than its schedule has now, when that changes; undefined where one
   * never does, or where none is of time.
   */
  readonly retryAtMs: number | undefined;
  /** Of the first rule. */
  readonly onDeny: OnDeny | undefined;
}

/** When there may be room for more than fits now; undefined where there never is. */
function roomFrom(change: Allowance['change'], takes: number): number | undefined {
  if (change === undefined) return undefined;
  const { most, atMs } = change;
  return most === null || takes <= most ? Math.min(atMs, NEVER) : undefined;
}

function refusalOf(counts: PlannedCounts, asked: Takes): Refusal {
  let [hopeless, retryAtMs] = [false, -Infinity];
  let first: Rule | undefined;
  for (const count of counts) {
    const { limit, windowIndex, used, reserved } = count;
    const { max, change } = allowanceOf(count);
    const takes = unitsOf(limit, asked);
    if (enforcedMax(count) === Infinity || max === null || takes === 0 || used + reserved + takes <= max)
      continue;
    first ??= limit.rule;
    const { of, resetsAtMs } = limit.windows[windowIndex];
    if (takes > max) {
      const roomAtMs = roomFrom(change, takes);
      hopeless ||= roomAtMs === undefined;
      retryAtMs = Math.max(retryAtMs, roomAtMs ?? -Infinity);
      continue;
    }
    // What is held comes back whenever an operation ends.
    if (unitOf(of) !== 'concurrent') retryAtMs = Math.max(retryAtMs, resetsAtMs);
  }
  const hasEnd = retryAtMs > -Infinity && retryAtMs < NEVER;
  return { hopeless, retryAtMs: hasEnd ? retryAtMs : undefined, onDeny: first?.onDeny };
}
