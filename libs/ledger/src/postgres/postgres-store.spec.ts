import { afterAll, beforeAll, expect, it, describe, jest } from '@jest/globals';
import { PostgresProcess } from '../../../../test/support/postgres-process.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { Block } from '../blocks/block.js';
import { BlockBuilder } from '../blocks/block-builder.js';
import { Recorder } from '../recording/recorder.js';
import { PostgresConnection } from './postgres-connection.js';
import { findRows } from './postgres-reader.js';
import { PostgresStore } from './postgres-store.js';

const LARGE = 1024 ** 3;

let postgres: PostgresProcess;
beforeAll(async () => {
  postgres = await PostgresProcess.start();
});
afterAll(() => postgres.stop());

describe('PostgresStore', () => {
  const opened = async () => {
    const url = await postgres.database();
    const connection = new PostgresConnection(url, 'test');
    const recorder = new Recorder('a', new PostgresStore('a', url));
    const query = (text: string) => connection.query(text);
    return {
      ...{ url, recorder, query },
      write: (count: number) =>
        recorder.write(
          blocksOf(
            Array.from({ length: count }, (_, index) => {
              const subject = { user: `u${index}`, grade: '3' };
              return { at: 1_000 + index, kind: 'check', outcome: 'allowed', resource: 'ocr', subject };
            }),
          ),
          0,
        ),
      find: async (kind: string) => {
        const rows = await findRows(connection, { kinds: [kind], order: 'oldest', limit: 10_000 });
        return rows.map(({ event }) => event);
      },
      parts: async () => (await query('SELECT part, rows FROM ledger_parts ORDER BY part')).rows,
      close: async () => {
        await recorder.close(true);
        await connection.close();
      },
    };
  };

  it('begins a part a day, and drops those that are too old without a word', async () => {
    const ledger = await opened();
    await ledger.write(10);
    await ledger.query('UPDATE ledger_position SET day = day - 40; UPDATE ledger_parts SET day = day - 40');
    await ledger.write(20);
    expect(await ledger.parts()).toEqual([
      { part: 1, rows: 10 },
      { part: 2, rows: 20 },
    ]);
    await ledger.recorder.retain({ days: 35, maxBytes: LARGE }, Date.now());
    await ledger.write(1);
    expect(await ledger.parts()).toEqual([{ part: 2, rows: 21 }]);
    expect(await ledger.find('check')).toHaveLength(21);
    expect((await ledger.query("SELECT to_regclass('ledger_events_1') AS gone")).rows).toEqual([
      { gone: null },
    ]);
    await ledger.close();
  });

  it('drops the oldest part while all are too large, and a gap says how many rows it had', async () => {
    const ledger = await opened();
    await ledger.write(500);
    // Too large for what is allowed: what is written next goes into another part, and this one can go.
    await ledger.recorder.retain({ days: 35, maxBytes: 10_000 }, Date.now());
    await ledger.write(30);
    expect(await ledger.parts()).toHaveLength(2);
    await ledger.recorder.retain({ days: 35, maxBytes: 10_000 }, Date.now());
    await ledger.write(1);
    expect(await ledger.find('gap')).toMatchObject([
      { outcome: 'retention', count: 500, data: { from: 1_000, to: 1_499 } },
    ]);
    expect(await ledger.find('check')).toHaveLength(31);
    await ledger.close();
  });

  it('writes and adds up once what the database did and did not answer', async () => {
    const ledger = await opened();
    const { query } = PostgresConnection.prototype;
    const loseAnswerOf = (statement: string) =>
      jest.spyOn(PostgresConnection.prototype, 'query').mockImplementation(async function (
        this: PostgresConnection,
        text,
        values,
      ) {
        const result = await query.call(this, text, values);
        if (!text.includes(statement)) return result;
        jest.restoreAllMocks();
        throw new Error('lost');
      });
    loseAnswerOf('SELECT ledger_write(');
    await expect(ledger.write(10)).rejects.toThrow('lost');
    await ledger.write(10);
    expect(await ledger.find('check')).toHaveLength(10);
    loseAnswerOf('SELECT ledger_apply(');
    await expect(ledger.recorder.apply()).rejects.toThrow('lost');
    await ledger.recorder.apply();
    const { rows } = await ledger.query(
      'SELECT (SELECT sum(allowed) FROM ledger_subject_days WHERE span = 1)::int AS days, (SELECT sum(decisions) FROM ledger_volumes)::int AS volumes',
    );
    expect(rows).toEqual([{ days: 10, volumes: 10 }]);
    await ledger.close();
  });

  it('tells the batches of two processes of one node apart', async () => {
    const before = await opened();
    for (let batch = 0; batch < 3; batch += 1) await before.write(1);
    const after = new Recorder('a', new PostgresStore('a', before.url));
    const event: LedgerEvent = { at: 5, kind: 'check', outcome: 'denied', resource: 'ocr', subject: {} };
    await after.write(blocksOf([event]), 0);
    await before.write(1);
    await after.write(blocksOf([event]), 0);
    expect(await before.find('check')).toHaveLength(6);
    await after.close(true);
    await before.close();
  });
});

describe('a connection', () => {
  let proxy: TcpProxy;
  let connection: PostgresConnection;
  beforeAll(async () => {
    proxy = await TcpProxy.start(postgres.port);
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    connection = new PostgresConnection(url.href, 'test');
  });
  afterAll(async () => {
    await connection.close();
    proxy.stop();
  });

  const one = async () => (await connection.query('SELECT 1 AS one')).rows;

  // A server that was frozen while a transaction began left it unusable for good: no question was answered until the node was restarted.
  it('that is lost while a transaction begins is replaced', async () => {
    await one();
    proxy.dropReplies();
    const begun = connection.query('BEGIN');
    setTimeout(() => proxy.reset(), 20);
    await expect(begun).rejects.toThrow(/PostgreSQL/);
    await proxy.heal();
    expect(await one()).toEqual([{ one: 1 }]);
  });

  it('that is lost within a transaction fails what follows, until that is rolled back', async () => {
    await connection.query('BEGIN');
    await one();
    proxy.reset();
    await expect(one()).rejects.toThrow();
    await expect(one()).rejects.toThrow(/lost within a transaction/);
    await connection.query('ROLLBACK');
    expect(await one()).toEqual([{ one: 1 }]);
  });
});

function blocksOf(events: readonly LedgerEvent[]): readonly Block[] {
  const builder = new BlockBuilder();
  const blocks: Block[] = [];
  for (const event of events) {
    builder.append(event);
    if (builder.isFull) blocks.push(builder.take());
  }
  return builder.events > 0 ? [...blocks, builder.take()] : blocks;
}
