import { setTimeout as later } from 'node:timers/promises';
import { type Service } from '../service/service.js';
import type { Readiness } from './examine-health.js';
import type { Findings } from './finding.js';

/** A change of rules reaches every node within a second, and within five where an announcement was lost. */
const RULES_PATIENCE_MS = 6_000;
const POLL_MS = 500;

export interface ExaminedNode {
  readonly service: Service;
  readonly health: Readiness;
}

/** What nodes must agree about. */
export async function examineNodes(nodes: readonly ExaminedNode[], findings: Findings): Promise<void> {
  const versions = await settledVersions(nodes);
  const named = nodes.map(({ service }, index) => `${service.access.url}: ${versions[index]}`).join(', ');
  if (new Set(versions).size === 1) findings.ok('rules versions', `all at ${versions[0]}`);
  else
    findings.fail(
      'rules versions',
      named,
      'The node that is behind does not hear of changes: look at its store, and whether all nodes use the same Redis.',
    );
  const editions = new Set(nodes.map(({ health }) => health.tzdata));
  if (editions.size === 1) findings.ok('tzdata', `all ${[...editions].join('')}`);
  else
    findings.warn(
      'tzdata',
      [...editions].join(' and '),
      'Run one edition of Node.js on all nodes: windows may begin at different instants.',
    );
  const live = Math.max(...nodes.map(({ health }) => health.nodes.live));
  if (nodes.length < live)
    findings.note(
      'nodes',
      `${nodes.length} of ${live} live nodes were asked`,
      'Give the address of each with --node.',
    );
  else if (nodes.length > live)
    findings.fail(
      'nodes',
      `${nodes.length} were asked, and ${live} know of each other`,
      'They do not share one Redis: each counts for itself. Look at REDIS_URL of each.',
    );
  else findings.ok('nodes', `all ${live} were asked`);
}

async function settledVersions(nodes: readonly ExaminedNode[]): Promise<readonly number[]> {
  const latest = performance.now() + RULES_PATIENCE_MS;
  let versions = nodes.map(({ health }) => health.rules.version);
  while (new Set(versions).size > 1 && performance.now() < latest) {
    await later(POLL_MS);
    versions = await Promise.all(
      nodes.map(async ({ service }) => (await service.get<Readiness>('/health/ready')).rules.version),
    );
  }
  return versions;
}
