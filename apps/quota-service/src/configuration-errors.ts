import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeWritable, QuotaSettingsError } from '@sundial/embedded';
import { loadRuleFile } from '@sundial/engine';
import { loadAlarmFile } from './alarms/patterns/alarm-file.js';
import { readPaths, readSettings } from './config/settings.js';
import { errorsByVariable } from './engine/errors-by-variable.js';

/**
 * Why a service did not start, and all that would have kept it from starting next, so that an operator does not mend one
 * error to meet another. Only asked when a start has failed, so a good start reads nothing twice.
 */
export async function configurationErrors(variables: NodeJS.ProcessEnv, failure: unknown): Promise<string[]> {
  const { dataDirectory, rulesFile, alarmsFile } = readPaths(variables);
  const checks = await Promise.allSettled([
    Promise.reject(failure),
    Promise.resolve().then(() => readSettings(variables)),
    makeWritable(dataDirectory),
    hasStoredRules(dataDirectory) ? [] : loadRuleFile(rulesFile),
    loadAlarmFile(alarmsFile),
  ]);
  const reasons = checks.flatMap((check) => (check.status === 'rejected' ? [sentenceOf(check.reason)] : []));
  return [...new Set(reasons)];
}

/** Where rules are stored the rules file is not used, and keeps no service from starting. */
function hasStoredRules(directory: string): boolean {
  return STORED_RULES.some((name) => existsSync(join(directory, name)));
}

const STORED_RULES = ['rules.ndjson', 'rules-last-known.ndjson'];

function sentenceOf(error: unknown): string {
  if (error instanceof QuotaSettingsError) return errorsByVariable(error).join('\n');
  return error instanceof Error ? error.message : String(error);
}
