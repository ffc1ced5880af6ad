import { randomUUID } from 'node:crypto';
import type { Subject } from '@sundial/contract';
import { Kysely } from 'kysely';
import type { LedgerGap } from '../contract/ledger.js';
import { PERMANENT_KINDS, type LedgerEvent } from '../contract/ledger-event.js';
import type { DeletedSubjectData } from '../contract/ledger-questions.js';
import { migrate } from '../tables/migrate.js';
import type { Block } from '../blocks/block.js';
import { BlockBuilder, blocksOf } from '../blocks/block-builder.js';
import { BlockReader, type ReadableBlock } from '../blocks/block-reader.js';
import { attributesOf, operationOf } from '../blocks/keys.js';
import { KnownShapes } from '../blocks/known-shapes.js';
import type {
  Derived,
  LedgerStore,
  NewBlock,
  NewRows,
  RetentionBounds,
  StoredState,
  WrittenRows,
} from '../recording/ledger-store.js';
import type { OutageRow } from '../recording/outages.js';
import type { CountedRefusals } from '../recording/refusals.js';
import { remoteDialect } from '../calls/remote-dialect.js';
import { Turns } from '../calls/turns.js';
import { deleteSubject } from './delete-subject.js';
import { PostgresConnection } from './postgres-connection.js';
import { POSTGRES_MIGRATIONS } from './postgres-schema.js';
import { forgetBefore, retainParts } from './retain-parts.js';

/** Read again after a process was killed. */
const ROWS_AT_ONCE = 2_000;
const shapes = new KnownShapes();

/** Events of many nodes in one database. */
export class PostgresStore implements LedgerStore {
  /** They are one statement, which has 4.5 s. */
  readonly maxSums = 15_000;
  readonly #connection: PostgresConnection;
  readonly #session = randomUUID();
  #facetsSentOn = '';
  #forgotOn = '';

  constructor(
    private readonly node: string,
    url: string,
  ) {
    this.#connection = new PostgresConnection(url, 'sundial-ledger-writer');
  }

  async open(): Promise<StoredState> {
    const run = async (sql: string, parameters: readonly unknown[]) => {
      const { rows, rowCount } = await this.#connection.query(sql, parameters);
      return { rows, affected: rowCount ?? undefined };
    };
    await migrate(
      new Kysely({ dialect: remoteDialect('postgres', run, new Turns()) }),
      'ledger',
      POSTGRES_MIGRATIONS,
    );
    const [before] = await this.#rows<{ flushed_at: number; ended: number }>(
      'SELECT flushed_at, ended FROM ledger_nodes WHERE node = $1 AND session <> $2',
      [this.node, this.#session],
    );
    const [{ derived_up_to } = { derived_up_to: 0 }] = await this.#rows<{ derived_up_to: number }>(
      `INSERT INTO ledger_nodes SELECT $1, $2, $3, 0, 0, seq FROM ledger_position
       ON CONFLICT (node) DO UPDATE SET session = excluded.session, flushed_at = excluded.flushed_at, batch = 0, ended = 0 RETURNING derived_up_to`,
      [this.node, this.#session, Date.now()],
    );
    const counted = await this.#rows<{ key: string; minute: number; event: string }>(
      'SELECT key, minute, event FROM ledger_counted WHERE node = $1',
      [this.node],
    );
    const outages = await this.#rows<OutageRow>(
      'SELECT * FROM ledger_outages WHERE node = $1 ORDER BY started_at DESC LIMIT 100',
      [this.node],
    );
    return {
      unclean: before && !before.ended ? before.flushed_at : undefined,
      counted: counted.map((row) => ({ ...row, event: JSON.parse(row.event) as CountedRefusals['event'] })),
      outages: outages.reverse(),
      derivedUpTo: derived_up_to,
    };
  }

  beginsNewDay(): boolean {
    return this.#facetsSentOn !== today();
  }

  async write({ number, blocks, facets, counted, ended }: NewRows): Promise<number> {
    const day = today();
    const rows = blocks.flatMap(rowsOf);
    const [{ position } = { position: 0 }] = await this.#rows<{ position: number }>(
      'SELECT ledger_write($1, $2, $3, $4, $5, $6, $7, $8, $9) AS position',
      [
        ...[
          this.node,
          this.#session,
          number,
          Date.now(),
          `[${rows.map(({ columns }) => columns).join(',')}]`,
          rows.map(({ text }) => text),
        ],
        JSON.stringify(
          facets.map(({ id, kind, outcome, reason, degraded, replayed, resource, node }) => [
            ...[id, storable(kind), storable(outcome), storable(reason), degraded, replayed],
            ...[storable(resource), node],
          ]),
        ),
        JSON.stringify(
          counted.map(({ key, minute, event }) => [storable(key), minute, JSON.stringify(event)]),
        ),
        JSON.stringify(ended.map(({ key, minute }) => [storable(key), minute])),
      ],
    );
    this.#facetsSentOn = day;
    return position;
  }

  async applyDerived({ windows, days, subjects, outages, volumes, upTo }: Derived): Promise<void> {
    const texts = [windows, days, outages, subjects, volumes].map((rows) => JSON.stringify(rows));
    await this.#connection.query('SELECT ledger_apply($1, $2, $3, $4, $5, $6, $7)', [
      this.node,
      upTo,
      ...texts,
    ]);
  }

  async rowsAfter(position: number): Promise<readonly WrittenRows[]> {
    const rows = await this.#rows<{ seq: number; row: string }>(
      `SELECT seq, "row" FROM ledger_events
       WHERE seq > $1 AND facet IN (SELECT id FROM ledger_facets WHERE node = $2) ORDER BY seq LIMIT $3`,
      [position, this.node, ROWS_AT_ONCE],
    );
    const events = rows.map(({ row }) => JSON.parse(row) as LedgerEvent);
    let end = 0;
    return blocksOf(new BlockBuilder(), events).map((block) => {
      end += block.events;
      return { block: readableBlock(block), skip: 0, position: rows[end - 1]!.seq };
    });
  }

  async retain({ days, maxBytes }: RetentionBounds, now: number): Promise<readonly LedgerGap[]> {
    const gaps = await retainParts(this.#connection, { days, maxBytes });
    if (this.#forgotOn !== today()) await forgetBefore(this.#connection, days, now);
    this.#forgotOn = today();
    return gaps;
  }

  deleteSubject(subject: Subject): Promise<DeletedSubjectData> {
    return deleteSubject(this.#connection, subject);
  }

  async close(clean: boolean): Promise<void> {
    try {
      if (clean)
        await this.#connection.query('UPDATE ledger_nodes SET ended = 1 WHERE node = $1 AND session = $2', [
          this.node,
          this.#session,
        ]);
    } finally {
      await this.#connection.close();
    }
  }

  async #rows<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return (await this.#connection.query(text, values)).rows as unknown as Row[];
  }
}

/** Sums need no facets. */
function readableBlock({ shapes: texts, bytes }: Block): ReadableBlock {
  return { shapes: texts.map((text) => shapes.of(text)), facets: [], bytes: Buffer.from(bytes.buffer) };
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

interface NewRow {
  /** JSON: the columns beside the text. */
  readonly columns: string;
  /** The event as JSON. */
  readonly text: string;
}

function rowsOf(block: NewBlock): readonly NewRow[] {
  const rows: NewRow[] = [];
  const records = new BlockReader(block);
  const attributes: number[] = [];
  while (records.next()) {
    const { at, facet, shape } = records;
    const hashes = attributesOf(records, attributes).join(',');
    const permanent = shape ? 'null' : permanentColumns(records.event());
    rows.push({
      columns: `[${at},${facet},${operationOf(records)},[${hashes}],${permanent}]`,
      text: shape ? JSON.stringify(records.event()) : records.json(),
    });
  }
  return rows;
}

/** PostgreSQL's JSON would not take every text that JSON has. */
function permanentColumns(event: LedgerEvent): string {
  const { kind, outcome, actor = null, data } = event;
  if (!PERMANENT_KINDS.has(kind)) return 'null';
  const columns = [kind, outcome, actor, data?.target ?? null];
  return JSON.stringify(columns.map((value) => (value === null ? null : storable(value))));
}

/** PostgreSQL has no NUL and no half of a surrogate pair in a text of its own. */
function storable(value: string): string {
  return value.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}
