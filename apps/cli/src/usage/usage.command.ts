import type { LimitState, Pack, Subject, SubjectUsage, Usage } from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { subject as subjectAttributes } from '../command/options.js';
import { limitsTable, subjectText } from '../command/words.js';
import { queryOf, type Service } from '../service/service.js';

interface Options {
  readonly subject?: Subject;
}

/** `sundial usage`: what a subject has used, of one resource or of all. It counts nothing. */
export function addUsage(program: Command, cli: Cli): void {
  program
    .command('usage')
    .description('show what a subject has used and has left; counts nothing')
    .argument(
      '[resource]',
      'one resource (default: all whose rules count by attributes of the subject; wants an admin key)',
    )
    .addOption(subjectAttributes())
    .action(
      cli.action<Options>(async ({ args: [resource], options: { subject = {} }, service, print }) => {
        if (resource === undefined) {
          const all = await usageOfAll(service, subject);
          return print(all, () => allText(all));
        }
        const usage = await service.get<Usage>(`/usage${queryOf({ resource, ...subject })}`, 'caller');
        print(usage, () => usageText(usage));
      }),
    );
}

async function usageOfAll(service: Service, subject: Subject): Promise<SubjectUsage> {
  const resources: { readonly resource: string; readonly limits: readonly LimitState[] }[] = [];
  let rulesVersion = 0;
  for await (const page of service.pages<SubjectUsage>('/admin/subjects/usage', subject)) {
    resources.push(...page.resources);
    ({ rulesVersion } = page);
  }
  return { subject, resources, rulesVersion };
}

function allText({ subject, resources }: SubjectUsage): string {
  if (resources.length === 0)
    return `No rule counts by nothing but attributes of ${subjectText(subject) || 'an empty subject'}.\n`;
  return resources.map(({ resource, limits }) => `${resource}\n${limitsTable(limits)}`).join('\n');
}

function usageText({ limits, packs = [], degraded }: Usage): string {
  const parts = [
    ...(degraded ? [`The store did not answer (${degraded.cause}): this is what the node knew last.\n`] : []),
    limitsTable(limits),
    ...packs.map(packText),
  ];
  return parts.join('\n');
}

function packText({ id, meter, remaining, amount, expiresAt }: Pack): string {
  return `pack ${id}: ${remaining} of ${amount} ${meter} left, until ${expiresAt ?? 'they are used'}\n`;
}
