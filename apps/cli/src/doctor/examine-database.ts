import type { Client } from 'pg';
import { CliError, reasonOf } from '../terminal/cli-error.js';
import type { Findings } from './finding.js';
import { optional } from './load-optional.js';

const PATIENCE_MS = 5_000;
/** `server_version_num` of the oldest PostgreSQL that the ledger runs on. */
const MIN_VERSION = 140_000;
const BYTES_A_MIB = 1_024 * 1_024;
/** A node that lives writes its mark with every flush, twice a second. */
const SILENT_AFTER_MS = 60_000;

const FACTS = `SELECT current_setting('server_version_num')::integer AS version, current_setting('server_version') AS name,
  pg_is_in_recovery() AS is_replica, to_regclass('ledger_events') IS NOT NULL AS has_tables,
  has_schema_privilege(current_schema(), 'CREATE') AS may_create,
  (SELECT count(*)::integer FROM pg_stat_activity) AS connections, current_setting('max_connections')::integer AS max_connections`;
const SIZE = `SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::float8 AS bytes FROM pg_partition_tree('ledger_events')`;
const NODES =
  'SELECT node, flushed_at::float8 AS flushed_at, ended::integer AS ended FROM ledger_nodes ORDER BY node LIMIT 100';

interface Facts {
  readonly version: number;
  readonly name: string;
  readonly is_replica: boolean;
  readonly has_tables: boolean;
  readonly may_create: boolean;
  readonly connections: number;
  readonly max_connections: number;
}

/** Looks into the database of a ledger, and writes nothing there. @throws CliError for an address that is none. */
export async function examineDatabase(url: string, findings: Findings): Promise<void> {
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new CliError('--ledger-url must look like postgres://user:password@host:5432/database.');
  // eslint-disable-next-line no-restricted-syntax -- an optional peer: a static import would force it on every installation.
  const { default: pg } = await optional('pg', () => import('pg'), 'To look at PostgreSQL');
  const client = new pg.Client({
    connectionString: url,
    application_name: 'sundial-doctor',
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    options: '-c default_transaction_read_only=on',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await examine(client, findings);
  } catch (error) {
    findings.fail(
      'database',
      reasonOf(error),
      'Look whether PostgreSQL runs, is reached from here, and lets this user in.',
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function examine(client: Client, findings: Findings): Promise<void> {
  const { rows } = await client.query<Facts>(FACTS);
  const facts = rows[0]!;
  examineServer(facts, findings);
  if (!facts.has_tables) {
    if (facts.may_create)
      findings.note(
        'tables',
        'there are none yet',
        'The first node that starts with this address makes them.',
      );
    else
      findings.fail(
        'tables',
        'there are none, and this user may not make any',
        'GRANT CREATE ON SCHEMA to the user of the ledger.',
      );
    return;
  }
  const { rows: sizes } = await client.query<{ readonly bytes: number }>(SIZE);
  findings.ok('tables', `there, ${Math.round(sizes[0]!.bytes / BYTES_A_MIB)} MiB of events`);
  await examineWriters(client, findings);
}

function examineServer(facts: Facts, findings: Findings): void {
  const { version, name, is_replica: isReplica, connections, max_connections: most } = facts;
  if (version < MIN_VERSION)
    findings.fail('version', `PostgreSQL ${name}`, 'The ledger needs PostgreSQL 14 or newer.');
  else if (isReplica)
    findings.fail(
      'server',
      `PostgreSQL ${name}, a replica`,
      'Give the address of the primary: a replica takes no events.',
    );
  else findings.ok('server', `PostgreSQL ${name}, ${connections} of ${most} connections`);
  if (connections >= 0.9 * most)
    findings.warn(
      'connections',
      `${connections} of ${most}`,
      'Raise max_connections, or use fewer: a node of Sundial needs 2.',
    );
}

/** By the clocks of the nodes: a minute is longer than they differ. */
async function examineWriters(client: Client, findings: Findings): Promise<void> {
  const { rows } = await client.query<{ node: string; flushed_at: number; ended: number }>(NODES);
  const writing = rows.filter(({ ended }) => ended === 0);
  if (writing.length === 0)
    findings.note('writers', 'no node writes now', 'Start one with SUNDIAL_LEDGER_URL at this address.');
  for (const { node, flushed_at: flushedAt } of writing) {
    const at = new Date(flushedAt).toISOString();
    if (Date.now() - flushedAt < SILENT_AFTER_MS) findings.ok(`node ${node}`, `wrote last at ${at}`);
    else
      findings.note(
        `node ${node}`,
        `wrote last at ${at}, and did not say that it ended`,
        'It had nothing to write, was killed, or does not reach the database: look at its health.',
      );
  }
}
