import { Inject, Injectable } from '@nestjs/common';
import type { LedgerEvent } from '@sundial/ledger';
import type { EventLog } from './event-log.js';
import { NodeLedger } from './node-ledger.js';
import { EVENT_LOG } from './tokens.js';

/** What happened; it happened now where it does not say when. */
export type Happening = Omit<LedgerEvent, 'at'> & Partial<Pick<LedgerEvent, 'at'>>;

/** Where every feature records what happened. It never fails, nothing waits for it, and it does nothing where the ledger is off and the log has no events. */
@Injectable()
export class LedgerRecorder {
  /** Until there is a store whose clock it can go by. */
  #now: () => number = Date.now;

  constructor(
    private readonly node: NodeLedger,
    @Inject(EVENT_LOG) private readonly log: EventLog | null,
  ) {}

  /** Features that would have to look for what they record need not. */
  get isOn(): boolean {
    return this.node.isOn || this.log !== null;
  }

  /** Epoch ms: the store's clock, once there is a store. */
  get now(): number {
    return Math.round(this.#now());
  }

  record(happening: Happening): void {
    if (!this.isOn) return;
    const event = happening.at === undefined ? { ...happening, at: this.now } : (happening as LedgerEvent);
    this.node.record(event);
    this.log?.write(event);
  }

  /** From now on times are the store's. */
  goesBy(now: () => number): void {
    this.#now = now;
  }
}
