import type { LimitState, ReservationPack } from '@sundial/contract';
import { excessOf, nameOf, type Account, type Difference } from './expected-counters.js';
import type { Judged } from './judge.js';
import { brokenIn, brokenText } from './invariants.js';
import { byOperation, decisionOf, type Attempt } from './history.js';
import type { Written } from './admin/admin-write.js';
import type { Asking } from './reservations/ending.js';

/** What is wrong, as a beginning for a search: the first finding with all answers about it. */
export function story(experiment: Judged): string {
  const { name, fault, verdict, failures, failedEndings, contradictions } = experiment;
  const [difference] = verdict.differences;
  const [over] = verdict.overAdmitted;
  const [leaked] = verdict.leaked;
  const broken = brokenIn(experiment);
  const { i1, i2 } = broken;
  const lines = [`Experiment ${name}, ${fault}: ${brokenText(broken)}.`];
  if (difference && i2 > 0) lines.push(sentenceOf(difference), ...historyOf(difference.account, experiment));
  else if (over && i1 > 0) lines.push(overText(over), ...historyOf(over, experiment));
  else if (leaked)
    lines.push(
      `${nameOf(leaked.counter)}: ${leaked.reserved} are still held.`,
      ...historyOf(leaked, experiment),
    );
  for (const { operationId, sentence } of contradictions.slice(0, 3))
    lines.push(`${operationId}: ${sentence}.`, ...linesOf(new Set([operationId]), experiment));
  for (const asking of failedEndings.slice(0, 5)) lines.push(endingLineOf(asking, experiment.injectedAt));
  for (const attempt of [...failures.slice(0, 5), ...experiment.degradedByLoad.slice(0, 5)])
    lines.push(lineOf(attempt, experiment.injectedAt));
  return lines.join('\n');
}

function sentenceOf({ account, used }: Difference): string {
  const { counter, exact, byPolicy, marked, uncertain } = account;
  const above = marked > 0 ? `, and ${marked} as overage or late` : '';
  const allowed = `${exact} units by the store and ${byPolicy} by policy${above}`;
  const perhaps = uncertain > 0 ? `, and perhaps ${uncertain} more` : '';
  return `${nameOf(counter)}: the store counts ${used}; callers were allowed ${allowed}${perhaps}.`;
}

function overText(over: Account): string {
  const { counter, max, maxWithin } = over;
  const excess = excessOf(over);
  return maxWithin
    ? `${nameOf(counter)}: ${excess} allowed exactly above what overrides can have made of its max.`
    : `${nameOf(counter)}: ${max + excess} allowed exactly, of ${max}.`;
}

/** All answers about one counter. Times are from the fault's beginning. */
function historyOf({ counter }: Pick<Account, 'counter'>, experiment: Judged): string[] {
  const isAbout = (attempt: Attempt) =>
    Object.entries(counter.subject).every(([name, value]) => attempt.operation.subject[name] === value) &&
    (counter.resource === undefined
      ? (decisionOf(attempt)?.limits.some(({ rule }) => rule === counter.rule) ?? true)
      : attempt.operation.resource === counter.resource);
  const about = [...byOperation(experiment.attempts)].filter(([, tries]) => tries.some(isAbout));
  return linesOf(new Set(about.map(([operationId]) => operationId)), experiment);
}

/** All answers about some operations, in their order. */
function linesOf(ids: ReadonlySet<string>, { attempts, endings, writes, injectedAt }: Judged): string[] {
  const users = new Set(
    attempts
      .filter(({ operation }) => ids.has(operation.operationId))
      .map(({ operation }) => operation.subject['user']),
  );
  const isOfThem = ({ operation }: Pick<Attempt, 'operation'>) => ids.has(operation.operationId);
  const lines = [
    ...attempts
      .filter(isOfThem)
      .map((attempt) => ({ at: attempt.endedAt, line: lineOf(attempt, injectedAt) })),
    ...endings
      .filter(isOfThem)
      .map((asking) => ({ at: asking.endedAt, line: endingLineOf(asking, injectedAt) })),
    ...writes
      .filter(({ write }) => users.has(('body' in write ? write.body : write).subject['user']))
      .map((written) => ({ at: written.endedAt, line: writeLineOf(written, injectedAt) })),
  ];
  return lines.sort((a, b) => a.at - b.at).map(({ line }) => line);
}

function lineOf({ operation, node, sentAt, endedAt, answer }: Attempt, injectedAt: number): string {
  const at = `${Math.round(sentAt - injectedAt)} … ${Math.round(endedAt - injectedAt)} ms`;
  const { operationId, amount, amounts, resource, hold } = operation;
  const what = `${amount} of ${resource}${amounts ? ` ${JSON.stringify(amounts)}` : ''}`;
  const held = hold ? `, held ${hold.ttlMs} ms, then ${hold.onExpiry}` : '';
  return `  ${at}, ${node}: ${operationId} (${what}${held}): ${said(answer)}`;
}

function writeLineOf({ write, node, sentAt, endedAt, answer }: Written, injectedAt: number): string {
  const at = `${Math.round(sentAt - injectedAt)} … ${Math.round(endedAt - injectedAt)} ms`;
  const { verb, ...what } = write;
  const said =
    answer.kind === 'done'
      ? `done ${answer.pack?.id ?? ''}`
      : answer.kind === 'failed'
        ? `status ${answer.status}`
        : `no answer (${answer.why})`;
  return `  ${at}, ${node}: ${verb} ${JSON.stringify(what)}: ${said}`;
}

function endingLineOf(
  { ending, operation, node, sentAt, endedAt, answer }: Asking,
  injectedAt: number,
): string {
  const at = `${Math.round(sentAt - injectedAt)} … ${Math.round(endedAt - injectedAt)} ms`;
  const body = 'body' in ending && ending.verb !== 'refund' ? ` ${JSON.stringify(ending.body)}` : '';
  return `  ${at}, ${node}: ${ending.verb} ${operation.operationId}${body}: ${endedAs(answer)}`;
}

function endedAs(answer: Asking['answer']): string {
  switch (answer.kind) {
    case 'ended': {
      const { reservation, degraded } = answer.body;
      const { state, committed, late, packs } = reservation;
      const what = committed ? ` ${JSON.stringify(committed)}` : '';
      return `${state}${what}${late ? ', late' : ''}${packsText(packs)}${degraded ? ` without the store (${degraded.cause})` : ''}`;
    }
    case 'extended': {
      const { allowed, degraded } = answer.body;
      return `${allowed ? 'extended' : 'refused'}${degraded ? ` without the store (${degraded.cause})` : ''}`;
    }
    case 'refunded':
      return `refunded ${JSON.stringify(answer.body.amounts)}`;
    case 'failed':
      return `status ${answer.status} ${answer.code ?? ''} ${answer.state ?? ''}`;
    case 'unanswered':
      return `no answer (${answer.why})`;
    default:
      return answer satisfies never;
  }
}

/** Where it was counted. */
function limitsOf(limits: readonly LimitState[]): string {
  const states = limits.map(
    ({ rule, window, meter, used, reserved, max }) =>
      `${rule} ${JSON.stringify(window)} ${meter} ${used}+${reserved}/${max}`,
  );
  return ` (${states.join(', ')})`;
}

function said(answer: Attempt['answer']): string {
  switch (answer.kind) {
    case 'decided': {
      const { allowed, replayed, reason, degraded, limits, packs, reservation } = answer.decision;
      const how = degraded ? `by ${degraded.policy} (${degraded.cause})` : 'by the store';
      const taken = `${allowed ? limitsOf(limits) : ''}${packsText(packs ?? reservation?.packs)}`;
      return `${allowed ? 'allowed' : `refused, ${reason},`} ${how}${replayed ? ', replayed' : ''}${taken}`;
    }
    case 'failed':
      return `status ${answer.status}`;
    case 'unanswered':
      return `no answer (${answer.why})`;
    default:
      return answer satisfies never;
  }
}

function packsText(packs: readonly ReservationPack[] = []): string {
  return packs.map(({ id, meter, taken }) => `, ${taken} ${meter} of pack ${id}`).join('');
}
