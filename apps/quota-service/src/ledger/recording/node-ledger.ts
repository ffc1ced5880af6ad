import { type Ledger, type LedgerDatabase, type LedgerQuestions, openLedger } from '@sundial/ledger';
import type { LedgerTarget } from '../../config/ledger-target.js';
import { Problem } from '../../http/problems/problem.js';
import type { Log } from '../../logging/log.js';

/**
 * This node's ledger, where it has one: turned off, or not to be opened, it records nothing and its routes say why. No start waits for a
 * database, and none fails for it: what cannot be recorded stops no check.
 */
export class NodeLedger {
  private constructor(
    /** What the node is called in it. */
    readonly node: string,
    readonly ledger: Ledger | undefined,
    /** Why there is none, where it is not turned off. */
    readonly failure: string | undefined,
  ) {}

  static async open(target: LedgerTarget | undefined, log: Log): Promise<NodeLedger> {
    if (target === undefined) return new NodeLedger('', undefined, undefined);
    const { node, url, directory, days, maxBytes } = target;
    const place = url === undefined ? { directory } : { url };
    try {
      const ledger = await openLedger(
        { node, days, maxBytes, ...place },
        {
          onAvailability: (error) => {
            if (error)
              log.error({ err: error }, 'the ledger is away: checks go on, and what is lost will be a gap');
            else log.info('the ledger is written again');
          },
          onGap: (gap) => log.warn({ gap }, 'events are missing from the ledger: see GET /admin/decisions'),
        },
      );
      return new NodeLedger(node, ledger, undefined);
    } catch (error) {
      const failure = `The ledger could not be opened: ${error instanceof Error ? error.message : String(error)}`;
      log.error({ err: error }, `${failure}; nothing is recorded`);
      return new NodeLedger(node, undefined, failure);
    }
  }

  get isOn(): boolean {
    return this.ledger !== undefined;
  }

  /** @throws Problem `ledger-off`, `ledger-unavailable` */
  get questions(): LedgerQuestions {
    return this.opened.questions;
  }

  /** For features with tables of their own. @throws Problem `ledger-off`, `ledger-unavailable` */
  get database(): LedgerDatabase {
    return this.opened.database;
  }

  /** What an operator should know of it, and do. */
  get findings(): readonly string[] {
    if (this.failure !== undefined) return [this.failure];
    return this.ledger?.status().findings ?? [];
  }

  private get opened(): Ledger {
    if (this.ledger !== undefined) return this.ledger;
    if (this.failure !== undefined) throw new Problem('ledger-unavailable', this.failure);
    throw new Problem(
      'ledger-off',
      'SUNDIAL_LEDGER is off: start the service with SUNDIAL_LEDGER=on to record.',
    );
  }
}
