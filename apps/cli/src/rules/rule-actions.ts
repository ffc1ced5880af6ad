import type { Rule, RuleWritten } from '@sundial/contract';
import type { Call } from '../command/cli.js';
import type { Reason } from '../command/options.js';
import { counted, limitText } from '../command/words.js';
import { EXIT, type ExitCode } from '../terminal/exit-code.js';
import { listing } from '../terminal/table.js';
import { exportRules } from './export-rules.js';
import { readRuleFiles } from './files/rule-files.js';
import { readLiveRules } from './live-rules.js';
import { effectText, planText } from './plan-text.js';
import { applyPlan, outlooksOf, type PlannedRules, planRules } from './rule-plan.js';
import { rulesYaml, ruleYaml } from './rule-yaml.js';

export interface PlanOptions extends Reason {
  readonly prune?: true;
  readonly preview?: true;
  readonly dryRun?: true;
  readonly expectVersion?: number;
}

export interface GetOptions {
  readonly resource?: string;
}

export interface ExportOptions {
  readonly prune?: true;
}

export async function getRules({
  args: [id],
  options: { resource },
  service,
  print,
}: Call<GetOptions>): Promise<void> {
  if (id !== undefined) {
    const rule = await service.get<Rule>(`/admin/rules/${encodeURIComponent(id)}`);
    return print(rule, () => ruleYaml(rule));
  }
  const { rules: all, version } = await readLiveRules(service);
  const shown = all.filter((rule) => resource === undefined || rule.resource === resource);
  print({ rules: shown, version }, () => rulesTable(shown, version));
}

export async function writeRules({
  args: [path],
  options,
  service,
  terminal,
  print,
}: Call<ExportOptions>): Promise<void> {
  const { rules: all, version } = await readLiveRules(service);
  if (path === undefined) return void terminal.stdout.write(rulesYaml(all));
  const files = await exportRules(all, path, options.prune === true);
  const what = `${counted(all.length, 'rule')} of version ${version} written to ${counted(files.length, 'file')}`;
  print({ version, rules: all.length, files }, () => `${what}.\n`);
}

export async function rollBackRule({
  args: [id = '', version],
  options: { reason },
  service,
  print,
}: Call<Reason>): Promise<void> {
  const body = { version: Number(version), ...(reason !== undefined && { reason }) };
  const path = `/admin/rules/${encodeURIComponent(id)}/rollback`;
  const written = await service.post<RuleWritten & { readonly rule: Rule }>(path, body);
  const effects = (written.effects ?? []).map((effect) => `${effectText(effect)}\n`).join('');
  print(written, () => `${ruleYaml(written.rule)}\n${effects}In force as version ${written.version}.\n`);
}

export async function showPlan(call: Call<PlanOptions>): Promise<ExitCode> {
  const { service, options, print } = call;
  const { plan } = await planned(call);
  const outlooks = options.preview ? await outlooksOf(service, plan) : undefined;
  print({ ...plan, ...(outlooks && { outlooks }) }, () => planText(plan, outlooks));
  return plan.changes.length > 0 ? EXIT.failed : EXIT.ok;
}

export async function applyRules(call: Call<PlanOptions>): Promise<void> {
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
