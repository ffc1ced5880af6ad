import type { Decision, DecisionReason, Degraded, LimitState } from '../quota.js';
import type { OnDeny } from '../rules/rule.js';
import type { RuleWindows } from '../counters/rule-windows.js';
import type { Counts } from '../stores/store.js';
import type { Window } from '../windows/window.js';

/** What every answer to one check says, whoever decided it. */
export interface DecisionContext {
  readonly operationId: string;
  readonly rulesVersion: number;
  readonly degraded: Degraded | null;
}

/** A limit with all that an answer says of it, before anything was left out. */
interface JudgedLimit {
  readonly state: LimitState;
  readonly window: Window;
  readonly refuses: boolean;
  readonly canNeverFit: boolean;
  readonly onDeny: OnDeny | undefined;
}

/** Every limit has room, and the amount is counted in all of them (`counts` include it) or was nothing. */
export function taken(rules: readonly RuleWindows[], counts: Counts, context: DecisionContext): Decision {
  const limits = limitStates(rules, counts, 0);
  const wouldDeny = limits.some(({ mode, exceeded }) => mode === 'observe' && exceeded);
  const { operationId, degraded, rulesVersion } = context;
  // Written out, since nearly every answer is made here: to spread `ALLOWED` and the rest would cost as much again.
  return {
    allowed: true,
    reason: 'ok',
    operationId,
    replayed: false,
    wouldDeny,
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
  { amount, now, ...context }: DecisionContext & { readonly amount: number; readonly now: number },
): Decision {
  const limits = judge(rules, counts, amount);
  const refusing = limits.filter(({ refuses }) => refuses);
  const hopeless = refusing.some(({ canNeverFit }) => canNeverFit);
  const retryAt = Math.max(...refusing.map(({ window }) => window.resetsAtMs));
  const onDeny = refusing[0]?.onDeny;
  return {
    allowed: false,
    reason: hopeless ? 'amount-exceeds-limit' : 'limit-reached',
    operationId: context.operationId,
    replayed: false,
    wouldDeny: limits.some(({ state }) => state.mode === 'observe' && state.exceeded),
    limits: limits.map(({ state }) => state),
    ...(!hopeless && { retryAfterMs: Math.max(0, Math.ceil(retryAt - now)) }),
    ...(onDeny && { onDeny }),
    ...rest(context),
  };
}

/** No rule counts this resource. */
export function noRule(allowed: boolean, { operationId, rulesVersion }: DecisionContext): Decision {
  return { ...ALLOWED, allowed, reason: 'no-rule', operationId, rulesVersion };
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

function judge(rules: readonly RuleWindows[], counts: Counts, amount: number): JudgedLimit[] {
  const states = limitStates(rules, counts, amount);
  const owners = rules.flatMap(({ rule, offered }) => offered.map((pair) => ({ rule, pair })));
  return states.map((state, index) => {
    const { rule, pair } = owners[index]!;
    return {
      state,
      window: pair[counts[index]!.pick],
      refuses: rule.mode === 'enforce' && state.exceeded,
      canNeverFit: amount > state.max,
      onDeny: rule.onDeny,
    };
  });
}
