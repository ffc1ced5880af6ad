import type { Rule, RuleWritten } from '@sundial/contract';
import type { Command } from 'commander';
import type { Call, Cli } from '../command/cli.js';
import { integerOption, type Reason, resourceOption, withReason } from '../command/options.js';
import { counted, limitText } from '../command/words.js';
import { EXIT, type ExitCode } from '../terminal/exit-code.js';
import { listing } from '../terminal/table.js';
import { exportRules } from './export-rules.js';
import { readRuleFiles } from './files/rule-files.js';
import { readLiveRules } from './live-rules.js';
import { effectText, planText } from './plan-text.js';
import { applyPlan, outlooksOf, type PlannedRules, planRules } from './rule-plan.js';
import { rulesYaml, ruleYaml } from './rule-yaml.js';

interface PlanOptions extends Reason {
  readonly prune?: true;
  readonly preview?: true;
  readonly dryRun?: true;
  readonly expectVersion?: number;
}

const FILES = [
  '<path>',
  'a YAML file, or a directory of them: "rules:" with a list as export writes it, or one rule a file',
] as const;
const CODES = `
Exit codes of diff and of a dry run: 0 no difference, 1 there are differences, 2 it could not be compared.`;

/** `sundial rules`: rules as files say them. */
export function addRules(program: Command, cli: Cli): void {
  const rules = program.command('rules').description('read rules, and make them what files say');
  addGet(rules, cli);
  withPlan(rules.command('diff').description('show what apply would change; changes nothing'))
    .addHelpText('after', CODES)
    .action(cli.action<PlanOptions>(showPlan));
  const apply = withPlan(
    rules.command('apply').description('make the rules what the files say, all at once or not at all'),
  )
    .option('--dry-run', 'change nothing: the same as diff')
    .addHelpText('after', `\nRules that no file has stay, unless --prune deletes them.${CODES}`);
  withReason(apply).action(
    cli.action<PlanOptions>((call) => (call.options.dryRun ? showPlan(call) : applyRules(call))),
  );
  addExport(rules, cli);
  addRollback(rules, cli);
}

function withPlan(command: Command): Command {
  return command
    .argument(...FILES)
    .option('--prune', 'delete rules that no file has')
    .option('--preview', 'also say how many subjects have no room left under a new or changed rule')
    .option(
      '--expect-version <n>',
      'only if the rules are at this version, as diff showed it',
      integerOption(0, 999_999),
    );
}

function addGet(rules: Command, cli: Cli): void {
  rules
    .command('get')
    .description('all rules, or one as YAML')
    .argument('[id]', 'the id of a rule')
    .option('--resource <name>', 'only rules of this resource', resourceOption)
    .action(
      cli.action<{ readonly resource?: string }>(
        async ({ args: [id], options: { resource }, service, print }) => {
          if (id !== undefined) {
            const rule = await service.get<Rule>(`/admin/rules/${encodeURIComponent(id)}`);
            return print(rule, () => ruleYaml(rule));
          }
          const { rules: all, version } = await readLiveRules(service);
          const shown = all.filter((rule) => resource === undefined || rule.resource === resource);
          print({ rules: shown, version }, () => rulesTable(shown, version));
        },
      ),
    );
}

function addExport(rules: Command, cli: Cli): void {
  rules
    .command('export')
    .description('write the rules in force as YAML, as apply reads it')
    .argument('[path]', 'a .yaml file, or a directory: a file for each resource (default: standard output)')
    .option('--prune', 'delete other rule files of the directory')
    .action(
      cli.action<{ readonly prune?: true }>(async ({ args: [path], options, service, terminal, print }) => {
        const { rules: all, version } = await readLiveRules(service);
        if (path === undefined) return void terminal.stdout.write(rulesYaml(all));
        const files = await exportRules(all, path, options.prune === true);
        const what = `${counted(all.length, 'rule')} of version ${version} written to ${counted(files.length, 'file')}`;
        print({ version, rules: all.length, files }, () => `${what}.\n`);
      }),
    );
}

function addRollback(rules: Command, cli: Cli): void {
  const rollback = rules
    .command('rollback')
    .description('put a rule in force as it was at a version, from the audit')
    .argument('<id>', 'the id of the rule')
    .argument('<version>', 'of the rules, as audit shows it', integerOption(1, 999_999));
  withReason(rollback).action(
    cli.action<Reason>(async ({ args: [id = '', version], options: { reason }, service, print }) => {
      const body = { version: Number(version), ...(reason !== undefined && { reason }) };
      const path = `/admin/rules/${encodeURIComponent(id)}/rollback`;
      const written = await service.post<RuleWritten & { readonly rule: Rule }>(path, body);
      const effects = (written.effects ?? []).map((effect) => `${effectText(effect)}\n`).join('');
      print(written, () => `${ruleYaml(written.rule)}\n${effects}In force as version ${written.version}.\n`);
    }),
  );
}

async function showPlan(call: Call<PlanOptions>): Promise<ExitCode> {
  const { service, options, print } = call;
  const { plan } = await planned(call);
  const outlooks = options.preview ? await outlooksOf(service, plan) : undefined;
  print({ ...plan, ...(outlooks && { outlooks }) }, () => planText(plan, outlooks));
  return plan.changes.length > 0 ? EXIT.failed : EXIT.ok;
}

async function applyRules(call: Call<PlanOptions>): Promise<void> {
  const { service, options, print, progress } = call;
  const ready = await planned(call);
  const { plan } = ready;
  const outlooks = options.preview ? await outlooksOf(service, plan) : undefined;
  if (plan.changes.length === 0) return print({ ...plan, applied: false }, () => planText(plan));
  const { version, nodes } = await applyPlan(service, ready, options.reason);
  if (nodes.applied < nodes.live)
    progress(
      `${nodes.live - nodes.applied} of ${nodes.live} nodes have not confirmed it yet; they follow within seconds.`,
    );
  print({ ...plan, ...(outlooks && { outlooks }), applied: true, appliedVersion: version, nodes }, () => {
    const where = `version ${version}, in force on ${nodes.applied} of ${nodes.live} live ${nodes.live === 1 ? 'node' : 'nodes'}`;
    return `${planText(plan, outlooks)}Applied: ${where}.\n`;
  });
}

async function planned({ args: [path = ''], options, service }: Call<PlanOptions>): Promise<PlannedRules> {
  const { prune = false, expectVersion: expectedVersion } = options;
  const wanted = await readRuleFiles(path);
  return planRules({ service, wanted, prune, expectedVersion });
}

function rulesTable(rules: readonly Rule[], version: number): string {
  const rows = rules.map(({ id, resource, per, timeZone, limits, mode, degrade }) => [
    id,
    resource,
    per.join(', ') || '(all share)',
    limits.map(limitText).join(', '),
    typeof timeZone === 'string' ? timeZone : `the subject's ${timeZone.by}`,
    mode,
    degrade,
  ]);
  const heading = ['id', 'resource', 'per', 'limits', 'time zone', 'mode', 'degrade'];
  return `${listing(heading, rows, 'There are no rules.')}\n${counted(rules.length, 'rule')}, version ${version}.\n`;
}
