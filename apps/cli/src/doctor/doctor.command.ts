import type { Command } from 'commander';
import type { Call, Cli } from '../command/cli.js';
import { addressOf } from '../service/service-access.js';
import { Service } from '../service/service.js';
import { EXIT } from '../terminal/exit-code.js';
import { examineDatabase } from './examine-database.js';
import { examineHealth } from './examine-health.js';
import { examineNodes, type ExaminedNode } from './examine-nodes.js';
import { examineOperation } from './examine-operation.js';
import { examineRedis, redisTargetOf } from './examine-redis.js';
import { type Finding, Findings, findingsText, isWrong } from './finding.js';

interface Options {
  readonly node?: readonly string[];
  readonly redis?: string;
  readonly ledgerUrl?: string;
}

const HELP = `
It changes nothing. Redis and the database are looked at from here where an option, or the environment of the service, says where they are
(REDIS_URL, REDIS_CLUSTER_NODES, REDIS_SENTINELS, SUNDIAL_LEDGER_URL).
Exit codes: 0 nothing is wrong, 1 something is, 2 it could not look.`;

/** `sundial doctor`: what is wrong with an installation, and how to mend it. */
export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('say what is wrong with a running service, its Redis and its database, and how to mend it')
    .option(
      '--node <address>',
      'another node of the same service, repeatable',
      (each: string, before: readonly string[] = []) => [...before, addressOf(each)],
    )
    .option('--redis <url>', 'its Redis; needs the package @sundial/redis (default: REDIS_URL)')
    .option('--ledger-url <url>', 'its PostgreSQL; needs the package pg (default: SUNDIAL_LEDGER_URL)')
    .addHelpText('after', HELP)
    .action(
      cli.action<Options>(async (call) => {
        const findings = await examined(call);
        const passed = !findings.some(isWrong);
        call.print({ passed, findings }, () => findingsText(findings));
        return passed ? EXIT.ok : EXIT.failed;
      }),
    );
}

async function examined({
  options,
  terminal: { env, signal },
  access,
  progress,
}: Call<Options>): Promise<readonly Finding[]> {
  const all: Finding[] = [];
  const nodes: ExaminedNode[] = [];
  const addresses = [...new Set([access.url, ...(options.node ?? [])])];
  for (const url of addresses) {
    progress(`Looking at ${url} …`);
    const findings = new Findings(url);
    const service = new Service({ ...access, url }, signal);
    const health = await examineHealth(service, findings);
    if (health) nodes.push({ service, health });
    if (health) await examineOperation(service, findings);
    all.push(...findings.all);
  }
  if (addresses.length > 1 && nodes.length > 1)
    all.push(...(await found('nodes', (its) => examineNodes(nodes, its))));
  const redis = redisTargetOf(options.redis, env);
  if (redis) {
    progress('Looking at Redis …');
    all.push(...(await found('redis', (its) => examineRedis(redis, its))));
  }
  const database = options.ledgerUrl ?? (env['SUNDIAL_LEDGER_URL'] || undefined);
  if (database !== undefined) {
    progress('Looking at the database …');
    all.push(...(await found('database', (its) => examineDatabase(database, its))));
  }
  return all;
}

async function found(
  where: string,
  examine: (findings: Findings) => Promise<void>,
): Promise<readonly Finding[]> {
  const findings = new Findings(where);
  await examine(findings);
  return findings.all;
}
