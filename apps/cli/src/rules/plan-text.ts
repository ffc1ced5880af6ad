import type { RuleEffect, RuleOutlook } from '@sundial/contract';
import { structuredPatch } from 'diff';
import { counted, windowText } from '../command/words.js';
import { printable } from '../terminal/table.js';
import type { RuleChangeShown, RulePlan } from './rule-plan.js';
import { ruleYaml } from './rule-yaml.js';

const SIGN = { created: '+', changed: '~', removed: '-' } as const;
/** Unchanged lines around changed ones: a rule is short, and read whole. */
const CONTEXT_LINES = 100;
const MAX_NAMED = 10;

/** The plan, for people: each rule line by line, what it does to counters and callers, and how much it is. */
export function planText(plan: RulePlan, outlooks: readonly RuleOutlook[] = []): string {
  const { changes, effects, unmanaged, version } = plan;
  const parts = [
    ...changes.map(changeText),
    ...section('What it does beyond that:', [...effects.map(effectText), ...changes.flatMap(removalText)]),
    ...section('Who is affected now:', outlooks.map(outlookText)),
    summary(plan, version),
    ...(unmanaged.length > 0 ? [unmanagedText(unmanaged)] : []),
  ];
  return parts.join('\n');
}

function changeText({ id, kind, before, after }: RuleChangeShown): string {
  const [old, next] = [before ? ruleYaml(before) : '', after ? ruleYaml(after) : ''];
  const { hunks } = structuredPatch(id, id, old, next, '', '', { context: CONTEXT_LINES });
  const lines = hunks.flatMap((hunk) => hunk.lines).filter((line) => !line.startsWith('\\'));
  return `${SIGN[kind]} rule ${id} ${kind}\n${lines.map((line) => `    ${printable(line)}\n`).join('')}`;
}

export function effectText(effect: RuleEffect): string {
  switch (effect.kind) {
    case 'counters-restart': {
      const { rule, windows, meter = 'units', changed } = effect;
      const names = windows.map(windowText).join(', ');
      return `${rule}: the counters of ${meter} a ${names} begin at 0, because its ${changed.join(' and ')} changed; what was used until now counts no more.`;
    }
    case 'callers-need-attribute': {
      const { rule, resource, attribute } = effect;
      return `${resource}: callers must send "${attribute}" in the subject from now on (${rule} counts by it); a check without it is refused with 400.`;
    }
    default:
      return effect satisfies never;
  }
}

function removalText({ id, kind, before }: RuleChangeShown): string[] {
  if (kind !== 'removed' || !before) return [];
  return [
    `${id}: nothing limits ${before.resource} by it any more; its counters stay until their windows are over.`,
  ];
}

function outlookText({ rule, sampled, isComplete, over, near }: RuleOutlook): string {
  const who = `${isComplete ? '' : 'the first '}${counted(sampled, 'subject')}`;
  return `${rule.id}: of ${who} that are counted, ${over} have no room left, and ${near} have used 80 % of a limit.`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}\n${lines.map((line) => `  ${line}\n`).join('')}`];
}

function summary({ changes }: RulePlan, version: number): string {
  const of = (kind: RuleChangeShown['kind']) => changes.filter((change) => change.kind === kind).length;
  if (changes.length === 0) return `No difference from the rules in force (version ${version}).\n`;
  return `${of('created')} created, ${of('changed')} changed, ${of('removed')} removed (from version ${version}).\n`;
}

function unmanagedText(ids: readonly string[]): string {
  const named = ids.slice(0, MAX_NAMED).join(', ');
  const more = ids.length > MAX_NAMED ? ` and ${ids.length - MAX_NAMED} more` : '';
  return `${counted(ids.length, 'rule')} in force that no file has: ${named}${more}. They stay; --prune deletes them.\n`;
}
