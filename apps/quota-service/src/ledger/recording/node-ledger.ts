import {
  type Ledger,
  type LedgerDatabase,
  type LedgerEvent,
  type LedgerGap,
  type LedgerListeners,
  type LedgerQuestions,
  type LedgerStatus,
  openLedger,
} from '@sundial/ledger';
import type { LedgerTarget } from '../../config/ledger-target.js';
import { Problem } from '../../http/problems/problem.js';
import type { Log } from '../../logging/log.js';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens before the ledger is open, such as settlements of a journal, waits for it. */
const MAX_EARLY = 10_000;
/** How long a start, or a stop, waits until a database is open; then it goes on without. */
const OPEN_LIMIT_MS = 1_000;
/** A process that was asked to stop has 3.3 s in all for what follows its last answer (`stopLimitMs`). */
const CLOSE_LIMIT_MS = 700;

/**
 * This node's ledger, where it has one: turned off, or not to be opened, it records nothing and its routes say why. It is opened when the
 * store is, so that a service that cannot start says that alone. No start waits for a database, and none fails for it: what cannot be
 * recorded stops no check.
 */
export class NodeLedger {
  /** What the node is called in it. */
  readonly node: string;
  readonly #target: LedgerTarget | undefined;
  readonly #log: Log;
  #ledger: Ledger | undefined;
  /** Why there is none, where it is not turned off. */
  #failure: string | undefined;
  #early: LedgerEvent[] = [];
  #opening: Promise<void> = Promise.resolve();
  #hearsOfGap: (gap: LedgerGap) => void = () => undefined;

  constructor(target: LedgerTarget | undefined, log: Log) {
    this.node = target?.node ?? '';
    this.#target = target;
    this.#log = log;
  }

  /** Waits for files, and for no database. Never rejects. */
  async open(): Promise<void> {
    if (this.#target === undefined) return;
    this.#opening = this.#open(this.#target);
    await (this.#target.url === undefined ? this.#opening : soon(this.#opening));
  }

  async #open({ node, url, directory, days, maxBytes }: LedgerTarget): Promise<void> {
    const place = url === undefined ? { directory } : { url };
    const log = this.#log;
    try {
      const listeners: LedgerListeners = {
        onAvailability: (error) => {
          if (error)
            log.error({ err: error }, 'the ledger is away: checks go on, and what is lost will be a gap');
          else log.info('the ledger is written again');
        },
        onGap: (gap) => {
          log.warn({ gap }, 'events are missing from the ledger: see GET /admin/ledger');
          this.#hearsOfGap(gap);
        },
      };
      this.#ledger = await openLedger({ node, days, maxBytes, ...place }, listeners);
      for (const event of this.#early) this.#ledger.record(event);
    } catch (error) {
      this.#failure = `The ledger could not be opened: ${error instanceof Error ? error.message : String(error)}`;
      log.error({ err: error }, `${this.#failure}; nothing is recorded`);
    }
    this.#early = [];
  }

  /** Whom to call when events are missing, or were removed. */
  onGap(listener: (gap: LedgerGap) => void): void {
    this.#hearsOfGap = listener;
  }

  /** It is not turned off. */
  get isOn(): boolean {
    return this.#target !== undefined;
  }

  /** Undefined where there is none, and until it is open. */
  get ledger(): Ledger | undefined {
    return this.#ledger;
  }

  record(event: LedgerEvent): void {
    if (this.#ledger !== undefined) this.#ledger.record(event);
    else if (this.isOn && this.#failure === undefined) this.#wait(event);
  }

  /** Beyond what there is room for, the last line is a gap that says how many are missing. */
  #wait(event: LedgerEvent): void {
    const last = this.#early.at(-1);
    if (this.#early.length < MAX_EARLY) this.#early.push(event);
    else if (last?.kind !== 'gap') this.#early.push(gapFrom(event));
    else this.#early[MAX_EARLY] = { ...last, count: last.count! + 1, data: { ...last.data, to: event.at } };
  }

  async close(): Promise<void> {
    await soon(this.#opening, CLOSE_LIMIT_MS);
    // What is not written by then is a gap of the next start.
    await soon(this.#ledger?.close(), CLOSE_LIMIT_MS);
  }

  /** @throws Problem `ledger-off`, `ledger-unavailable` */
  get questions(): LedgerQuestions {
    return this.opened.questions;
  }

  /** For features with tables of their own. @throws Problem `ledger-off`, `ledger-unavailable` */
  get database(): LedgerDatabase {
    return this.opened.database;
  }

  /** @throws Problem `ledger-off`, `ledger-unavailable` */
  get status(): LedgerStatus {
    return this.opened.status();
  }

  /** What an operator should know of it, and do. */
  get findings(): readonly string[] {
    if (this.#failure !== undefined) return [this.#failure];
    return this.#ledger?.status().findings ?? [];
  }

  private get opened(): Ledger {
    if (this.#ledger !== undefined) return this.#ledger;
    if (this.isOn) throw new Problem('ledger-unavailable', this.#failure ?? 'The ledger is not open yet.');
    throw new Problem(
      'ledger-off',
      'SUNDIAL_LEDGER is off: start the service with SUNDIAL_LEDGER=on to record.',
    );
  }
}

function gapFrom({ at }: LedgerEvent): LedgerEvent {
  return { at, kind: 'gap', outcome: 'database-away', count: 1, data: { from: at, to: at } };
}

async function soon(opening: Promise<void> | undefined, withinMs = OPEN_LIMIT_MS): Promise<void> {
  const limit = new AbortController();
  const late = sleep(withinMs, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([opening, late]);
  limit.abort();
}
