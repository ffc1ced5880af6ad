import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { integerOption, type Reason, resourceOption, withReason } from '../command/options.js';
import type { ExportOptions, GetOptions, PlanOptions } from './rule-actions.js';

const FILES = [
  '<path>',
  'a YAML file, or a directory of them: "rules:" with a list as export writes it, or one rule a file',
] as const;
const CODES = `
Exit codes of diff and of a dry run: 0 no difference, 1 there are differences, 2 it could not be compared.`;

/** With YAML and differences of texts, which are a third of all modules, and which no other command needs. */
// eslint-disable-next-line no-restricted-syntax -- its types are imported above.
const actions = () => import('./rule-actions.js');

/** `sundial rules`: rules as files say them. */
export function addRules(program: Command, cli: Cli): void {
  const rules = program.command('rules').description('read rules, and make them what files say');
  addGet(rules, cli);
  withPlan(rules.command('diff').description('show what apply would change; changes nothing'))
    .addHelpText('after', CODES)
    .action(cli.action<PlanOptions>(async (call) => (await actions()).showPlan(call)));
  const apply = withPlan(
    rules.command('apply').description('make the rules what the files say, all at once or not at all'),
  )
    .option('--dry-run', 'change nothing: the same as diff')
    .addHelpText('after', `\nRules that no file has stay, unless --prune deletes them.${CODES}`);
  withReason(apply).action(
    cli.action<PlanOptions>(async (call) => {
      const { showPlan, applyRules } = await actions();
      return call.options.dryRun ? showPlan(call) : applyRules(call);
    }),
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
    .action(cli.action<GetOptions>(async (call) => (await actions()).getRules(call)));
}

function addExport(rules: Command, cli: Cli): void {
  rules
    .command('export')
    .description('write the rules in force as YAML, as apply reads it')
    .argument('[path]', 'a .yaml file, or a directory: a file for each resource (default: standard output)')
    .option('--prune', 'delete other rule files of the directory')
    .action(cli.action<ExportOptions>(async (call) => (await actions()).writeRules(call)));
}

function addRollback(rules: Command, cli: Cli): void {
  const rollback = rules
    .command('rollback')
    .description('put a rule in force as it was at a version, from the audit')
    .argument('<id>', 'the id of the rule')
    .argument('<version>', 'of the rules, as audit shows it', integerOption(1, 999_999));
  withReason(rollback).action(cli.action<Reason>(async (call) => (await actions()).rollBackRule(call)));
}
