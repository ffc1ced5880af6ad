import type { Override, OverridePage, OverrideWritten, OverriddenLimit, Subject } from '@sundial/contract';
import type { Command } from 'commander';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Cli } from '../command/cli.js';
import { instantOf, type Reason, subject, withReason } from '../command/options.js';
import { counted, overriddenText, subjectText } from '../command/words.js';
import { queryOf } from '../service/service.js';
import { listing } from '../terminal/table.js';
import { importOverrides } from './import-overrides.js';
import { overriddenOption } from './overridden-option.js';

interface OfRule {
  readonly rule: string;
}

interface ListOptions extends OfRule {
  readonly prefix?: string;
  readonly active?: true;
}

interface SetOptions extends OfRule, Reason {
  readonly subject: Subject;
  readonly limit: readonly OverriddenLimit[];
  readonly from?: string;
  readonly until?: string;
}

const RULE = ['--rule <id>', 'the rule that they are of'] as const;

/** `sundial overrides`: limits of single subjects. */
export function addOverrides(program: Command, cli: Cli): void {
  const overrides = program.command('overrides').description('give single subjects other limits');
  addList(overrides, cli);
  addSet(overrides, cli);
  addRemove(overrides, cli);
  addImport(overrides, cli);
  addExport(overrides, cli);
}

function addList(overrides: Command, cli: Cli): void {
  overrides
    .command('list')
    .description('the overrides of a rule')
    .requiredOption(...RULE)
    .option('--prefix <text>', 'only where the value of the first attribute begins so')
    .option('--active', 'only those in force now')
    .action(
      cli.action<ListOptions>(async ({ options: { rule, prefix, active }, service, print }) => {
        const found: Override[] = [];
        const query = { rule, prefix, active: active && 'true' };
        for await (const page of service.pages<OverridePage>('/admin/overrides', query))
          found.push(...page.overrides);
        print({ overrides: found }, () => overridesTable(found));
      }),
    );
}

function addSet(overrides: Command, cli: Cli): void {
  const set = overrides
    .command('set')
    .description('set the override of a subject, in the place of the one it has')
    .requiredOption(...RULE)
    .addOption(subject('exactly the attributes that the rule counts by, repeatable').makeOptionMandatory())
    .requiredOption(
      '--limit <window[:meter]=max>',
      'day=50, day=+20 (more than the rule has), month:tokens=unlimited; repeatable',
      overriddenOption,
    )
    .option('--from <time>', 'ISO-8601 with offset, or from now: 2h, 1d (default: at once)')
    .option('--until <time>', 'the same; the first instant without it (default: until it is changed)');
  withReason(set).action(
    cli.action<SetOptions>(async ({ options, service, print }) => {
      const { rule, limit: limits, from, until, reason } = options;
      const written = await service.put<OverrideWritten>('/admin/overrides', {
        ...{ rule, subject: options.subject, limits },
        ...(from !== undefined && { validFrom: await instantOf(from, service) }),
        ...(until !== undefined && { validUntil: await instantOf(until, service) }),
        ...(reason !== undefined && { reason }),
      });
      const { before, override } = written;
      const note = before ? `It takes the place of ${before.limits.map(overriddenText).join(', ')}.\n` : '';
      print(written, () => `${overridesTable([override])}${note}`);
    }),
  );
}

function addRemove(overrides: Command, cli: Cli): void {
  const remove = overrides
    .command('remove')
    .description('let the rule decide again')
    .requiredOption(...RULE)
    .addOption(subject('exactly the attributes that the rule counts by, repeatable').makeOptionMandatory());
  withReason(remove).action(
    cli.action<SetOptions>(async ({ options, service, print }) => {
      const query = queryOf({ rule: options.rule, ...options.subject, reason: options.reason });
      const removed = await service.delete<{ readonly override: Override }>(`/admin/overrides${query}`);
      print(removed, () => `Removed, the rule decides again:\n${overridesTable([removed.override])}`);
    }),
  );
}

function addImport(overrides: Command, cli: Cli): void {
  const command = overrides
    .command('import')
    .description('set many: lines of JSON as export writes them')
    .argument('<file>', 'the file, or - for standard input')
    .addHelpText(
      'after',
      '\nLines are sent in parts; each part is set whole or not at all, and may be repeated.',
    );
  withReason(command).action(
    cli.action<Reason>(async ({ args: [file = ''], options: { reason }, service, progress, print }) => {
      const answer = await importOverrides({ file, reason, service, progress });
      print(answer, () => `${counted(answer.imported, 'override')} imported.\n`);
    }),
  );
}

function addExport(overrides: Command, cli: Cli): void {
  overrides
    .command('export')
    .description('all of one rule, or of all, as lines of JSON')
    .option(...RULE)
    .option('-o, --output <file>', 'a file (default: standard output)')
    .action(
      cli.action<Partial<OfRule> & { readonly output?: string }>(
        async ({ options, service, terminal, progress }) => {
          const { rule, output } = options;
          const lines = service.download(`/admin/overrides/export${queryOf({ rule })}`);
          if (output === undefined) {
            const decoder = new TextDecoder();
            for await (const chunk of lines) terminal.stdout.write(decoder.decode(chunk, { stream: true }));
            return;
          }
          await pipeline(lines, createWriteStream(output, { mode: 0o600 }));
          progress(`The overrides are in ${output}.`);
        },
      ),
    );
}

function overridesTable(overrides: readonly Override[]): string {
  const rows = overrides.map(({ rule, subject: who, limits, validFrom, validUntil, setBy, reason }) => [
    rule,
    subjectText(who),
    limits.map(overriddenText).join(', '),
    validFrom ?? '-',
    validUntil ?? '-',
    setBy ?? '-',
    reason ?? '',
  ]);
  const heading = ['rule', 'subject', 'limits', 'from', 'until', 'set by', 'reason'];
  return listing(heading, rows, 'The rule has no such override.');
}
