import { Inject, Injectable } from '@nestjs/common';
import type { Override, Subject } from '@sundial/contract';
import { type AdminEvent, type AdminEvents, crossingId } from '@sundial/engine';
import type { OutgoingEvent } from '@sundial/ledger';
import { LOG, type Log } from '../logging/log.js';
import { Deliveries } from './deliveries.js';
import { subjectText } from './event-subject.js';

/** An override that ends says so: its end is noted when it is set, and forgotten when it is replaced or removed. */
@Injectable()
export class OverrideTimers implements AdminEvents {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly deliveries: Deliveries,
    @Inject(LOG) private readonly log: Log,
  ) {}

  record({ action, target: { rule, subject }, after, at }: AdminEvent): void {
    if (!this.deliveries.isOn || rule === undefined || subject === undefined) return;
    if (action === 'override-removed') this.#do(() => this.#clear(rule, subject));
    if (action === 'override-set') this.#do(() => this.#set(rule, subject, after as Partial<Override>, at));
  }

  async #set(rule: string, subject: Subject, override: Partial<Override>, setAt: number): Promise<void> {
    const { validUntil, limits, reason } = override;
    if (validUntil === undefined) return this.#clear(rule, subject);
    const about = subjectText(rule, subject);
    const event: OutgoingEvent = {
      id: crossingId(`override-expired\n${about}\n${validUntil}\n${setAt}`),
      ...{ type: 'override-expired', at: Date.parse(validUntil), subject: about, rule },
      data: { rule, subject, limits, validUntil, reason },
    };
    await this.deliveries.store.events.setTimer(about, event);
  }

  #clear(rule: string, subject: Subject): Promise<void> {
    return this.deliveries.store.events.clearTimer(subjectText(rule, subject));
  }

  /** In the order in which the writes were done. */
  #do(work: () => Promise<void>): void {
    this.#last = this.#last
      .then(work)
      .catch((error: unknown) =>
        this.log.warn(
          { err: error },
          'the end of an override is not noted: no event will say that it expired',
        ),
      );
  }
}
