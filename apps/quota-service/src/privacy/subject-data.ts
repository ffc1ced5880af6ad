import { Injectable } from '@nestjs/common';
import type { Subject } from '@sundial/contract';
import type {
  DeletedSubjectData,
  DeletedSubjectEvents,
  LedgerPage,
  LedgerRows,
  SubjectEvent,
} from '@sundial/ledger';
import { isoText } from '@sundial/engine';
import { Deliveries } from '../events/deliveries.js';
import { EventOutbox } from '../events/event-outbox.js';
import { askLedger } from '../ledger/questions/ask-ledger.js';
import { type ShownRow, shownEvent } from '../ledger/questions/shown-rows.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';

const DEFAULT_LIMIT = 100;
/** Before a cursor of the events for other systems. The ledger's cursors have no such character. */
const OUTGOING = '~';

interface Answered<T> {
  readonly answer: T;
  readonly nodes: readonly string[];
}

/** All that is kept in SQL about one subject: the ledger's lines, and the events for other systems with their deliveries. */
@Injectable()
export class SubjectData {
  constructor(
    private readonly node: NodeLedger,
    private readonly deliveries: Deliveries,
    private readonly outbox: EventOutbox,
  ) {}

  /** First the ledger's lines, then the events for other systems. */
  list(subject: Subject, page: LedgerPage, timeZone: string): Promise<Answered<LedgerRows<ShownRow>>> {
    const { cursor, limit = DEFAULT_LIMIT } = page;
    return askLedger(this.node, async (questions) => {
      if (cursor?.startsWith(OUTGOING))
        return this.#outgoing(subject, { cursor: cursor.slice(1), limit, timeZone });
      const { rows, next } = await questions.exportSubject(subject, page);
      const lines = rows.map((event) => shownEvent(event, timeZone));
      if (next !== undefined) return { rows: lines, next };
      const others = await this.#outgoing(subject, { limit: Math.max(1, limit - lines.length), timeZone });
      return { ...others, rows: [...lines, ...others.rows] };
    });
  }

  /** The events for other systems go first: when the database goes away between the two, the answer says to ask again. */
  remove(subject: Subject): Promise<Answered<DeletedSubjectData & DeletedSubjectEvents>> {
    return askLedger(this.node, async (questions) => {
      await this.outbox.written();
      const events = await this.deliveries.store.subjects.remove(subject);
      return { ...(await questions.deleteSubject(subject)), ...events };
    });
  }

  async #outgoing(
    subject: Subject,
    { timeZone, ...page }: { readonly cursor?: string; readonly limit: number; readonly timeZone: string },
  ): Promise<LedgerRows<ShownRow>> {
    await this.outbox.written();
    const { rows, next } = await this.deliveries.store.subjects.list(subject, page);
    const shown = rows.map((row) => shownOutgoing(row, { timeZone, node: this.deliveries.nodeName }));
    return { rows: shown, ...(next !== undefined && { next: `${OUTGOING}${next}` }) };
  }
}

/** As a line of the ledger: `node` is the one that answers. */
function shownOutgoing(
  { event, isDue, deliveries }: SubjectEvent,
  { timeZone, node }: { readonly timeZone: string; readonly node: string },
): ShownRow {
  const { resource, subject } = event.data as { readonly resource?: string; readonly subject?: Subject };
  return {
    ...{ id: event.id, at: isoText(Date.parse(event.time), timeZone), node },
    ...{ kind: 'delivery', outcome: isDue ? 'due' : 'kept' },
    ...(resource !== undefined && { resource }),
    ...{ subject, cloudEvent: event, deliveries },
  };
}
