import { Inject, Injectable } from '@nestjs/common';
import type { OverrideInput } from '@sundial/contract';
import { type AdminEvent, type AdminEvents, crossingId } from '@sundial/engine';
import type { OutgoingEvent } from '@sundial/ledger';
import { LOG, type Log } from '../logging/log.js';
import { Deliveries } from './deliveries.js';
import { subjectText } from './event-subject.js';

/** Of an import, in one statement. */
const AT_ONCE = 500;

/** An override that ends says so: its end is noted when it is set, and forgotten when it is replaced or removed. */
@Injectable()
export class OverrideTimers implements AdminEvents {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly deliveries: Deliveries,
    @Inject(LOG) private readonly log: Log,
  ) {}

  record({ action, target: { rule, subject }, after, overrides = [], at }: AdminEvent): void {
    if (!this.deliveries.isOn) return;
    if (action === 'overrides-imported') this.#do(() => this.#setAll(overrides, at));
    if (rule === undefined || subject === undefined) return;
    if (action === 'override-removed') this.#do(() => this.#setAll([{ rule, subject, limits: [] }], at));
    if (action === 'override-set')
      this.#do(() => this.#setAll([{ ...(after as OverrideInput), rule, subject }], at));
  }

  /** Of one without an end the timer goes. */
  async #setAll(overrides: readonly OverrideInput[], setAt: number): Promise<void> {
    const { events } = this.deliveries.store;
    for (let first = 0; first < overrides.length; first += AT_ONCE) {
      const timers = new Map<string, OutgoingEvent>();
      const endless = new Set<string>();
      for (const override of overrides.slice(first, first + AT_ONCE)) {
        const about = subjectText(override.rule, override.subject);
        const event = expiryOf(override, setAt);
        if (event === undefined) endless.add(about);
        else timers.set(about, event);
      }
      await events.clearTimers([...endless]);
      await events.setTimers(timers);
    }
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

/** Undefined where it has no end, or had it before it was set. */
function expiryOf(
  { rule, subject, validUntil, limits, reason }: OverrideInput,
  setAt: number,
): OutgoingEvent | undefined {
  if (validUntil === undefined || Date.parse(validUntil) <= setAt) return undefined;
  const about = subjectText(rule, subject);
  return {
    id: crossingId(`override-expired\n${about}\n${validUntil}\n${setAt}`),
    ...{ type: 'override-expired', at: Date.parse(validUntil), subject: about, rule },
    data: { rule, subject, limits, validUntil, reason },
  };
}
