import { byOperation, decisionOf, nameOf, type Account, type Difference } from './books.js';
import type { Episode } from './episode.js';
import { brokenIn } from './finding.js';
import type { Telling } from './history.js';

/** What is wrong, so that somebody can begin to look for the reason: the first finding with all that was told about it. */
export function story(episode: Episode): string {
  const { name, fault, verdict, failures } = episode;
  const [difference] = verdict.differences;
  const [over] = verdict.overAdmitted;
  const { i1, i2, i5 } = brokenIn(episode);
  const lines = [`Episode ${name}, ${fault}: I1 ${i1}, I2 ${i2} units, I5 ${i5} calls.`];
  if (difference && i2 > 0) lines.push(sentenceOf(difference), ...historyOf(difference.account, episode));
  else if (over && i1 > 0)
    lines.push(
      `${nameOf(over.counter)}: ${over.exact} allowed exactly, of ${over.max}.`,
      ...historyOf(over, episode),
    );
  for (const failure of failures.slice(0, 5)) lines.push(lineOf(failure, episode.struckAt));
  return lines.join('\n');
}

function sentenceOf({ account, used }: Difference): string {
  const { counter, exact, byPolicy, uncertain } = account;
  const allowed = `${exact} units by the store and ${byPolicy} by policy`;
  const perhaps = uncertain > 0 ? `, and perhaps ${uncertain} more` : '';
  return `${nameOf(counter)}: the books say ${used}; callers were allowed ${allowed}${perhaps}.`;
}

/** All that was told of one counter. Times are from the fault's beginning. */
function historyOf({ counter }: Account, { tellings, struckAt }: Episode): string[] {
  const isAbout = (telling: Telling) =>
    Object.entries(counter.subject).every(([name, value]) => telling.operation.subject[name] === value) &&
    (decisionOf(telling)?.limits.some(({ rule }) => rule === counter.rule) ?? true);
  const about = [...byOperation(tellings).values()].filter((tries) => tries.some(isAbout)).flat();
  return about.sort((a, b) => a.endedAt - b.endedAt).map((telling) => lineOf(telling, struckAt));
}

function lineOf({ operation, node, sentAt, endedAt, answer }: Telling, struckAt: number): string {
  const at = `${Math.round(sentAt - struckAt)} … ${Math.round(endedAt - struckAt)} ms`;
  const { operationId, amount, resource } = operation;
  return `  ${at}, ${node}: ${operationId} (${amount} of ${resource}): ${said(answer)}`;
}

function said(answer: Telling['answer']): string {
  switch (answer.kind) {
    case 'decided': {
      const { allowed, replayed, reason, degraded } = answer.decision;
      const how = degraded ? `by ${degraded.policy} (${degraded.cause})` : 'by the store';
      return `${allowed ? 'allowed' : `refused, ${reason},`} ${how}${replayed ? ', again' : ''}`;
    }
    case 'failed':
      return `status ${answer.status}`;
    case 'unanswered':
      return `no answer (${answer.why})`;
    default:
      return answer satisfies never;
  }
}
