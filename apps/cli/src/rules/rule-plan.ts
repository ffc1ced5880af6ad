import type { Rule, RuleEffect, RuleOutlook, RuleSetChanges, RuleSetWritten } from '@sundial/contract';
import type { Service } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';
import { placed, type WantedRule } from './files/rule-files.js';
import { readLiveRules } from './live-rules.js';

/** A service reads, checks and stores a large set of rules in so long. */
const WRITE_TIMEOUT_MS = 60_000;

export interface RuleChangeShown {
  readonly id: string;
  readonly kind: 'created' | 'changed' | 'removed';
  readonly before?: Rule;
  readonly after?: object;
}

/** What files would make of the rules in force. Nothing is written. */
export interface RulePlan {
  /** Of the rules that it was made from: it is applied to these, or not at all. */
  readonly version: number;
  readonly changes: readonly RuleChangeShown[];
  /** Beyond the texts of the rules. */
  readonly effects: readonly RuleEffect[];
  /** Rules in force that no file has, and that stay. */
  readonly unmanaged: readonly string[];
}

export interface PlannedRules {
  readonly plan: RulePlan;
  /** The whole set, as it is sent. */
  readonly rules: readonly object[];
}

interface PlanOptions {
  readonly service: Service;
  readonly wanted: readonly WantedRule[];
  /** Rules that no file has are deleted. */
  readonly prune: boolean;
  /** Another version of the rules in force is an error. */
  readonly expectedVersion: number | undefined;
}

/** @throws CliError where the service refuses the rules, with the places in their files. */
export async function planRules({
  service,
  wanted,
  prune,
  expectedVersion,
}: PlanOptions): Promise<PlannedRules> {
  const { rules: live, version } = await readLiveRules(service);
  if (expectedVersion !== undefined && expectedVersion !== version)
    throw new CliError(
      `The rules are at version ${version}, not at ${expectedVersion}: look at the diff again.`,
    );
  const managed = new Set(wanted.map(({ id }) => id));
  const left = live.filter(({ id }) => !managed.has(id));
  const kept = prune ? [] : left;
  const rules = [...wanted.map(({ rule }) => rule), ...kept];
  const changes = await service
    .put<RuleSetChanges>(
      '/admin/rules?dryRun=true',
      { rules },
      { ifMatch: version, timeoutMs: WRITE_TIMEOUT_MS },
    )
    .catch((error: unknown) => Promise.reject(atPlaces(error, wanted)));
  return { rules, plan: shown({ changes, live, wanted, version, unmanaged: kept.map(({ id }) => id) }) };
}

/** All of it, or nothing. @throws CliError where the rules are others than those that it was made from. */
export async function applyPlan(
  service: Service,
  { plan: { version }, rules }: PlannedRules,
  reason: string | undefined,
): Promise<RuleSetWritten> {
  const query = reason === undefined ? '' : `?${new URLSearchParams({ reason })}`;
  const options = { ifMatch: version, timeoutMs: WRITE_TIMEOUT_MS };
  return service.put<RuleSetWritten>(`/admin/rules${query}`, { rules }, options).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.code !== 'rules-changed') throw error;
    throw new CliError(
      `The rules changed since version ${version} was read; nothing was applied. Look at the diff again.`,
      { code: error.code },
    );
  });
}

/** What the created and changed rules would do now to the subjects that are counted. */
export async function outlooksOf(service: Service, { changes }: RulePlan): Promise<readonly RuleOutlook[]> {
  const outlooks: RuleOutlook[] = [];
  for (const { after } of changes) {
    if (after) outlooks.push(await service.post<RuleOutlook>('/admin/rules/preview', { rule: after }));
  }
  return outlooks;
}

interface Compared {
  readonly changes: RuleSetChanges;
  readonly live: readonly Rule[];
  readonly wanted: readonly WantedRule[];
  readonly version: number;
  readonly unmanaged: readonly string[];
}

function shown({ changes, live, wanted, version, unmanaged }: Compared): RulePlan {
  const { created, changed, removed, effects = [] } = changes;
  const before = new Map(live.map((rule) => [rule.id, rule]));
  const after = new Map(wanted.map(({ id, rule }) => [id, rule]));
  return {
    version,
    changes: [
      ...created.map((id) => ({ id, kind: 'created' as const, after: after.get(id)! })),
      ...changed.map((id) => ({
        id,
        kind: 'changed' as const,
        before: before.get(id)!,
        after: after.get(id)!,
      })),
      ...removed.map((id) => ({ id, kind: 'removed' as const, before: before.get(id)! })),
    ],
    effects,
    unmanaged,
  };
}

function atPlaces(error: unknown, wanted: readonly WantedRule[]): unknown {
  if (!(error instanceof CliError) || error.errors.length === 0) return error;
  const { code } = error;
  const lines = placed(error.errors, wanted).map((line) => `\n  ${line}`);
  return new CliError(
    `The service refuses these rules:${lines.join('')}`,
    code === undefined ? {} : { code },
  );
}
