import { Injectable } from '@nestjs/common';
import type { LedgerEvent } from '@sundial/ledger';
import { NodeLedger } from './node-ledger.js';

/** What happened; it happened now where it does not say when. */
export type Happening = Omit<LedgerEvent, 'at'> & Partial<Pick<LedgerEvent, 'at'>>;

/** Where every feature records what happened. It never fails, nothing waits for it, and it does nothing where the ledger is off. */
@Injectable()
export class LedgerRecorder {
  /** Until there is a store whose clock it can go by. */
  #now: () => number = Date.now;

  constructor(private readonly node: NodeLedger) {}

  /** Features that would have to look for what they record need not. */
  get isOn(): boolean {
    return this.node.isOn;
  }

  record(happening: Happening): void {
    this.node.record({ at: Math.round(this.#now()), ...happening });
  }

  /** From now on times are the store's. */
  goesBy(now: () => number): void {
    this.#now = now;
  }
}
