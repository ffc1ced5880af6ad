import type { Service } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';
import type { Findings } from './finding.js';

interface Condition {
  readonly condition: string;
  readonly severity: 'refuse' | 'warn';
  readonly sentence: string;
  readonly file?: string;
}

/** What `GET /health/ready` says. */
export interface Readiness {
  readonly status: 'ready' | 'shutting-down';
  readonly store: {
    readonly kind: 'redis' | 'embedded';
    readonly mode: 'exact' | 'degraded';
    readonly cause: string | null;
    readonly breaker: string;
    readonly pending: number;
  };
  readonly conditions: readonly Condition[];
  readonly rules: { readonly version: number; readonly provisional: boolean };
  readonly nodes: { readonly live: number };
  readonly tzdata: string;
}

/** Seconds are all that an HTTP date tells. */
const CLOCK_TOLERANCE_MS = 5_000;

/** What a node says of itself to everyone. Undefined: it said nothing. */
export async function examineHealth(service: Service, findings: Findings): Promise<Readiness | undefined> {
  const health = await readiness(service).catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    findings.fail(
      'service',
      error.message,
      'Start it, or give its address: --url. Its log says why it ended, if it did.',
    );
    return undefined;
  });
  if (health === undefined) return undefined;
  examineStore(health, findings);
  for (const { condition, file, severity, sentence } of health.conditions) {
    const check = file === undefined ? condition : `${condition} ${file}`;
    const mend = 'As it says. More: docs/redis.md, docs/configuration.md.';
    if (severity === 'refuse') findings.fail(check, sentence, mend);
    else findings.warn(check, sentence, mend);
  }
  if (health.rules.provisional)
    findings.warn(
      'rules',
      `version ${health.rules.version}, as it knew them last: the store has not answered yet`,
      'See the store.',
    );
  const { skewMs } = service;
  if (Math.abs(skewMs) > CLOCK_TOLERANCE_MS)
    findings.warn(
      'clock',
      `${Math.round(skewMs / 1_000)} s ahead of this machine's`,
      'Keep both with NTP: no count is wrong, and logs are hard to compare.',
    );
  return health;
}

/** A node that is leaving answers 503, with the same body. */
async function readiness(service: Service): Promise<Readiness> {
  try {
    return await service.get<Readiness>('/health/ready');
  } catch (error) {
    if (error instanceof CliError && error.status === undefined) {
      await service.get('/health/live');
      throw new CliError('It runs, and is shutting down or not ready.');
    }
    throw error;
  }
}

function examineStore({ status, store, rules, nodes, tzdata }: Readiness, findings: Findings): void {
  const { kind, mode, cause, breaker, pending } = store;
  findings.ok('service', `${status}, rules version ${rules.version}, ${nodes.live} live, tzdata ${tzdata}`);
  if (mode === 'exact') findings.ok('store', `${kind} decides`);
  else
    findings.fail(
      'store',
      `${kind} does not decide (${cause ?? 'unknown'}, breaker ${breaker}): rules decide by their degrade policies`,
      'Look whether Redis runs and is reached from this node; doctor --redis tries it from here. Counters are exact again within 2 s of its return.',
    );
  if (pending > 0)
    findings.warn(
      'pending settlements',
      `${pending} decisions made without the store`,
      'They are settled when the store is back; do not delete the data directory before.',
    );
}
