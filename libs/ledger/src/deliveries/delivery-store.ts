import type { LedgerDatabase } from '../contract/ledger-database.js';
import { type DeliveryDatabase, migrationsFor } from './delivery-tables.js';
import { DeliveryQueue } from './delivery-queue.js';
import { EventLog } from './event-log.js';
import { SecretBox } from './secret-box.js';
import { SubjectEvents } from './subject-events.js';
import { WebhookRegistry } from './webhook-registry.js';

/** Everything about events for other systems that is kept: the events, the webhooks, and what is to be delivered to them. */
export class DeliveryStore {
  readonly events: EventLog;
  readonly webhooks: WebhookRegistry;
  readonly queue: DeliveryQueue;
  readonly subjects: SubjectEvents;
  #opened: Promise<DeliveryDatabase> | undefined;

  constructor(
    private readonly database: LedgerDatabase,
    /** Seal what only receivers of webhooks may know; none: it is kept as it is. */
    secretsKeys: readonly string[] = [],
  ) {
    const db = () => this.#open();
    const { kind } = database;
    this.events = new EventLog(db, kind);
    this.webhooks = new WebhookRegistry(db, new SecretBox(secretsKeys));
    this.queue = new DeliveryQueue(db, kind);
    this.subjects = new SubjectEvents(db, kind);
  }

  /** Once it is open it stays so; while the database is away every call tries again. */
  #open(): Promise<DeliveryDatabase> {
    this.#opened ??= this.database.open('deliveries', migrationsFor(this.database.kind));
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }
}
