import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { LedgerData, OutgoingEvent } from '@sundial/ledger';
import { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import { LOG, type Log } from '../logging/log.js';
import { Deliveries } from './deliveries.js';
import { EventMetrics } from './event-metrics.js';

/** Events that wait for the database; each is about 1 KB. */
const MAX_WAITING_EVENTS = 10_000;
/** Written in one transaction. */
const MAX_AT_ONCE = 200;
/** So that events of one moment are written together. */
const GATHER_MS = 50;
const RETRY_MS = 1_000;

/** An event on its way, and what is to be done where it cannot be kept. */
export interface PublishedEvent extends OutgoingEvent {
  readonly data: Readonly<Record<string, unknown>>;
  readonly lost?: (() => void) | undefined;
  /** Called once it is in the database. */
  readonly kept?: (() => void) | undefined;
}

/**
 * Where what happened becomes an event for other systems. `publish` only queues; a database that is away costs no check. What a
 * node that is killed had not written yet is made again by the next answer that shows it.
 */
@Injectable()
export class EventOutbox implements BeforeApplicationShutdown {
  readonly #waiting: PublishedEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #isAway = false;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly recorder: LedgerRecorder,
    private readonly metrics: EventMetrics,
    @Inject(LOG) private readonly log: Log,
  ) {}

  get isOn(): boolean {
    return this.deliveries.isOn;
  }

  publish(event: PublishedEvent): void {
    if (!this.isOn) return;
    if (this.#waiting.length >= MAX_WAITING_EVENTS) {
      this.metrics.lost(event.type);
      event.lost?.();
      return;
    }
    this.#waiting.push(event);
    this.#soon(GATHER_MS);
  }

  /** Called whenever this node has kept new events. */
  onKept(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Something else of this node has kept them. */
  kept(): void {
    for (const listener of this.#listeners) listener();
  }

  /** What happened before is in the database, unless that is away. */
  async written(): Promise<void> {
    await this.#writeAlone();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writeAlone();
    await this.#writeAlone();
  }

  #soon(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#writeAlone();
    }, delayMs).unref();
  }

  /** One at a time: what comes meanwhile is written by the one that writes. */
  #writeAlone(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const events = this.#waiting.slice(0, MAX_AT_ONCE);
      try {
        const kept = new Set(await this.deliveries.store.events.append(events));
        this.#waiting.splice(0, events.length);
        this.#isAway = false;
        for (const event of events) {
          if (kept.delete(event.id)) this.#record(event);
          event.kept?.();
        }
        this.kept();
      } catch (error) {
        if (!this.#isAway)
          this.log.warn(
            { err: error, waiting: this.#waiting.length },
            'events for other systems wait for the database',
          );
        this.#isAway = true;
        return this.#soon(RETRY_MS);
      }
    }
  }

  /** Gates and alarms are in the ledger already. */
  #record({ id, type, at, resource, rule, data }: PublishedEvent): void {
    this.metrics.made(type);
    if (type === 'gate-changed' || type.startsWith('alarm-')) return;
    const { subject, ...rest } = data;
    this.recorder.record({
      ...{ at, kind: 'threshold', outcome: type },
      ...(resource !== undefined && { resource }),
      ...(isSubject(subject) && { subject }),
      data: { ...(rule !== undefined && { target: rule }), event: id, ...rest } as LedgerData,
    });
  }
}

function isSubject(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null;
}
