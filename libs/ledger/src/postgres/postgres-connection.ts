import pg from 'pg';
import { LedgerUnavailableError } from '../contract/ledger-errors.js';

const CONNECT_WITHIN_MS = 3_000;
/** A server that is frozen answers nothing: the client gives up, and the connection with it. */
const ANSWER_WITHIN_MS = 5_000;
/** Slightly less, so that a server that is only slow says so itself and the connection lives on. */
const STATEMENT_WITHIN_MS = 4_500;
const INT8 = 20;
const NUMERIC = 1700;

/** Positions, instants and amounts are below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    id === INT8 || id === NUMERIC ? Number : (pg.types.getTypeParser(id, format) as never),
};

export type PostgresRow = Readonly<Record<string, unknown>>;

/** One connection, made when it is needed and again after it was lost. A transaction that loses it fails as a whole. */
export class PostgresConnection {
  #client: Promise<pg.Client> | undefined;
  #inTransaction = false;
  #isBroken = false;

  constructor(
    private readonly url: string,
    private readonly name: string,
    /** Statements that every connection begins with. */
    private readonly settings?: string,
  ) {}

  async query(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<PostgresRow>> {
    const verb = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase();
    if (this.#isBroken) {
      if (verb !== 'ROLLBACK')
        throw new LedgerUnavailableError('The connection was lost within a transaction.');
      this.#isBroken = this.#inTransaction = false;
      return { rows: [], rowCount: 0, command: 'ROLLBACK', oid: 0, fields: [] };
    }
    const connecting = (this.#client ??= this.#connect());
    const client = await connecting;
    try {
      const result = await client.query<PostgresRow>(text, [...values]);
      // One that did not begin is not rolled back by its caller, either.
      if (verb === 'BEGIN') this.#inTransaction = true;
      return result;
    } catch (error) {
      if (isOfStatement(error)) throw error;
      this.#lose(connecting);
      throw unavailable(error);
    } finally {
      if (verb === 'COMMIT' || verb === 'ROLLBACK') this.#inTransaction = this.#isBroken = false;
    }
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    if (!client) return;
    await Promise.race([client.end(), new Promise((resolve) => setTimeout(resolve, 500).unref())]);
    destroy(client);
  }

  #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: this.name,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      statement_timeout: STATEMENT_WITHIN_MS,
      idle_in_transaction_session_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
      types,
    });
    const connecting = this.#begin(client);
    client.on('error', () => this.#lose(connecting));
    return connecting;
  }

  async #begin(client: pg.Client): Promise<pg.Client> {
    try {
      await client.connect();
      if (this.settings !== undefined) await client.query(this.settings);
      return client;
    } catch (error) {
      this.#client = undefined;
      destroy(client);
      throw unavailable(error);
    }
  }

  /** What a connection that was lost before says later is not about the one that took its place. */
  #lose(lost: Promise<pg.Client>): void {
    if (this.#client !== lost) return;
    this.#client = undefined;
    if (this.#inTransaction) this.#isBroken = true;
    void lost.then(destroy, () => undefined);
  }
}

/** Ends a connection without waiting for its server. */
function destroy(client: pg.Client): void {
  client.on('error', () => undefined);
  const { stream } = (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } })
    .connection;
  stream.destroy();
}

/** The server answered, with an error of the statement (SQLSTATE), and the connection is as good as before. */
function isOfStatement(error: unknown): boolean {
  const { code = '', severity } = error as { readonly code?: string; readonly severity?: string };
  return severity === 'ERROR' && /^[0-9A-Z]{5}$/.test(code);
}

function unavailable(error: unknown): Error {
  const message =
    error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
  const { code } = error as { readonly code?: string };
  return Object.assign(
    new LedgerUnavailableError(`PostgreSQL: ${message}`, { cause: error }),
    code !== undefined && { code },
  );
}
