import { byOperation, decisionOf, nameOf, type Account, type Difference } from './expected-counters.js';
import type { Experiment } from './experiment.js';
import { brokenIn } from './invariants.js';
import type { Attempt } from './history.js';

/** What is wrong, as a beginning for a search: the first finding with all answers about it. */
export function story(experiment: Experiment): string {
  const { name, fault, verdict, failures } = experiment;
  const [difference] = verdict.differences;
  const [over] = verdict.overAdmitted;
  const { i1, i2, i5, i16 } = brokenIn(experiment);
  const lines = [
    `Experiment ${name}, ${fault}: I1 ${i1}, I2 ${i2} units, I5 ${i5} calls, I16 ${i16} checks.`,
  ];
  if (difference && i2 > 0) lines.push(sentenceOf(difference), ...historyOf(difference.account, experiment));
  else if (over && i1 > 0)
    lines.push(
      `${nameOf(over.counter)}: ${over.exact} allowed exactly, of ${over.max}.`,
      ...historyOf(over, experiment),
    );
  for (const attempt of [...failures.slice(0, 5), ...experiment.degradedByLoad.slice(0, 5)])
    lines.push(lineOf(attempt, experiment.injectedAt));
  return lines.join('\n');
}

function sentenceOf({ account, used }: Difference): string {
  const { counter, exact, byPolicy, uncertain } = account;
  const allowed = `${exact} units by the store and ${byPolicy} by policy`;
  const perhaps = uncertain > 0 ? `, and perhaps ${uncertain} more` : '';
  return `${nameOf(counter)}: the store counts ${used}; callers were allowed ${allowed}${perhaps}.`;
}

/** All answers about one counter. Times are from the fault's beginning. */
function historyOf({ counter }: Account, { attempts, injectedAt }: Experiment): string[] {
  const isAbout = (attempt: Attempt) =>
    Object.entries(counter.subject).every(([name, value]) => attempt.operation.subject[name] === value) &&
    (decisionOf(attempt)?.limits.some(({ rule }) => rule === counter.rule) ?? true);
  const about = [...byOperation(attempts).values()].filter((tries) => tries.some(isAbout)).flat();
  return about.sort((a, b) => a.endedAt - b.endedAt).map((attempt) => lineOf(attempt, injectedAt));
}

function lineOf({ operation, node, sentAt, endedAt, answer }: Attempt, injectedAt: number): string {
  const at = `${Math.round(sentAt - injectedAt)} … ${Math.round(endedAt - injectedAt)} ms`;
  const { operationId, amount, resource } = operation;
  return `  ${at}, ${node}: ${operationId} (${amount} of ${resource}): ${said(answer)}`;
}

function said(answer: Attempt['answer']): string {
  switch (answer.kind) {
    case 'decided': {
      const { allowed, replayed, reason, degraded } = answer.decision;
      const how = degraded ? `by ${degraded.policy} (${degraded.cause})` : 'by the store';
      return `${allowed ? 'allowed' : `refused, ${reason},`} ${how}${replayed ? ', replayed' : ''}`;
    }
    case 'failed':
      return `status ${answer.status}`;
    case 'unanswered':
      return `no answer (${answer.why})`;
    default:
      return answer satisfies never;
  }
}
