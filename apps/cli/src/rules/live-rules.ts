import type { Rule } from '@sundial/contract';
import type { Service } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';

interface RulesPage {
  readonly rules: readonly Rule[];
  readonly version: number;
  readonly next?: string;
}

export interface LiveRules {
  readonly rules: readonly Rule[];
  /** All of them are of this one. */
  readonly version: number;
}

/** Rules that change between two pages are read again, so often. */
const TRIES = 5;

/** All rules in force, of one version. */
export async function readLiveRules(service: Service): Promise<LiveRules> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const read = await readOnce(service);
    if (read) return read;
  }
  throw new CliError(`The rules changed ${TRIES} times while they were read: try again in a moment.`);
}

async function readOnce(service: Service): Promise<LiveRules | undefined> {
  const rules: Rule[] = [];
  let version: number | undefined;
  for await (const page of service.pages<RulesPage>('/admin/rules')) {
    if (version !== undefined && version !== page.version) return undefined;
    ({ version } = page);
    rules.push(...page.rules);
  }
  return { rules, version: version ?? 0 };
}
