import type { Decision, DecisionReason, Degraded, LimitState, OnDeny, Rule } from '@sundial/contract';
import type { RuleWindows } from '../counters/rule-windows.js';
import type { Counts, TakeResult } from '../stores/store.js';

/** What every answer to one check says, whoever decided it. */
export interface DecisionContext {
  readonly operationId: string;
  readonly rulesVersion: number;
  readonly degraded: Degraded | null;
}

/** What a store's answer to a check makes of it, where the store decided; `now` is the store's. */
export function decisionOf(
  { operationId, rulesVersion, amount }: Omit<DecisionContext, 'degraded'> & { readonly amount: number },
  { rules }: { readonly rules: readonly RuleWindows[] },
  { outcome, counts }: Decided,
  now: number,
): Decision {
  const context = { operationId, rulesVersion, degraded: null };
  switch (outcome) {
    case 'taken':
      return taken(rules, counts, context);
    case 'replayed':
      return replayed(rules, counts, context);
    case 'refused':
      return refused(rules, counts, context, { amount, now });
    default:
      return outcome satisfies never;
  }
}

/** What a store says that has decided. */
export type Decided = Exclude<Extract<TakeResult, { readonly counts: Counts }>, { readonly outcome: 'full' }>;

/** Every limit has room, and the amount is counted in all of them (`counts` include it) or was nothing. */
export function taken(rules: readonly RuleWindows[], counts: Counts, context: DecisionContext): Decision {
  const limits = limitStates(rules, counts, 0);
  const { operationId, degraded, rulesVersion } = context;
  // Written out, as in `refused`: one of them makes nearly every answer, and spreading costs more than all else in it.
  return {
    allowed: true,
    reason: 'ok',
    operationId,
    replayed: false,
    wouldDeny: wouldDeny(limits),
    limits,
    degraded,
    rulesVersion,
  };
}

/** The operation was allowed before; limits are as they are now, and none of them was asked. */
export function replayed(rules: readonly RuleWindows[], counts: Counts, context: DecisionContext): Decision {
  const limits = limitStates(rules, counts, 0).map((limit) => ({ ...limit, exceeded: false }));
  return { ...ALLOWED, operationId: context.operationId, replayed: true, limits, ...rest(context) };
}

/** At least one enforced limit has no room for the amount; nothing was counted (`counts` leave it out). */
export function refused(
  rules: readonly RuleWindows[],
  counts: Counts,
  { operationId, degraded, rulesVersion }: DecisionContext,
  { amount, now }: { readonly amount: number; readonly now: number },
): Decision {
  const limits = limitStates(rules, counts, amount);
  const { hopeless, retryAtMs, onDeny } = refusalOf(rules, counts, limits, amount);
  const decision: Writable<Decision> = {
    allowed: false,
    reason: hopeless ? 'amount-exceeds-limit' : 'limit-reached',
    operationId,
    replayed: false,
    wouldDeny: wouldDeny(limits),
    limits,
    degraded,
    rulesVersion,
  };
  if (!hopeless) decision.retryAfterMs = Math.max(0, Math.ceil(retryAtMs - now));
  if (onDeny !== undefined) decision.onDeny = onDeny;
  return decision;
}

/** No rule counts this resource; one that is called nearly so may. */
export function noRule(
  allowed: boolean,
  {
    operationId,
    rulesVersion,
    hint,
  }: Omit<DecisionContext, 'degraded'> & { readonly hint?: string | undefined },
): Decision {
  const decision: Writable<Decision> = { ...ALLOWED, allowed, reason: 'no-rule', operationId, rulesVersion };
  if (hint !== undefined) decision.hint = hint;
  return decision;
}

/** A policy decided without the store; `counts` are what this node knew last, if anything. */
export function byPolicy(
  allowed: boolean,
  known: { readonly rules: readonly RuleWindows[]; readonly counts: Counts },
  context: DecisionContext & { readonly onDeny?: OnDeny | undefined },
): Decision {
  const limits = limitStates(known.rules, known.counts, 0);
  const { operationId, onDeny } = context;
  return {
    ...ALLOWED,
    allowed,
    reason: 'degraded',
    operationId,
    limits,
    ...(onDeny && { onDeny }),
    ...rest(context),
  };
}

/** The states of all limits; `exceeded` where `asked` more units do not fit. */
export function limitStates(rules: readonly RuleWindows[], counts: Counts, asked: number): LimitState[] {
  const states: LimitState[] = [];
  for (const { rule, offered } of rules) {
    for (let limit = 0; limit < offered.length; limit++) {
      const { pick, used } = counts[states.length]!;
      const { max, window: unit } = rule.limits[limit]!;
      const { startsAt, resetsAt } = offered[limit]![pick];
      states.push({
        rule: rule.id,
        mode: rule.mode as LimitState['mode'],
        window: unit,
        timeZone: rule.timeZone,
        max,
        used,
        reserved: 0,
        remaining: used < max ? max - used : 0,
        startsAt,
        resetsAt,
        exceeded: used + asked > max,
      });
    }
  }
  return states;
}

const ALLOWED: Decision = {
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

function wouldDeny(limits: readonly LimitState[]): boolean {
  return limits.some(({ mode, exceeded }) => mode === 'observe' && exceeded);
}

/** What the limits that refuse say together. */
interface Refusal {
  /** The amount is above one of them, and waiting can never help. */
  readonly hopeless: boolean;
  /** When the last of their windows ends. */
  readonly retryAtMs: number;
  /** Of the first rule. */
  readonly onDeny: OnDeny | undefined;
}

function refusalOf(
  rules: readonly RuleWindows[],
  counts: Counts,
  limits: readonly LimitState[],
  amount: number,
): Refusal {
  let [index, hopeless, retryAtMs] = [0, false, -Infinity];
  let first: Rule | undefined;
  for (const { rule, offered } of rules) {
    for (const pair of offered) {
      const { max, exceeded } = limits[index]!;
      const { pick } = counts[index++]!;
      if (rule.mode !== 'enforce' || !exceeded) continue;
      first ??= rule;
      hopeless ||= amount > max;
      retryAtMs = Math.max(retryAtMs, pair[pick].resetsAtMs);
    }
  }
  return { hopeless, retryAtMs, onDeny: first?.onDeny };
}
