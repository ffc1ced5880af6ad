import {
  amountsByMeter,
  committedOf,
  takenOf,
  type CounterRef,
  type Counts,
  type DecidedLimit,
  type LimitSpec,
  type SettleRequest,
} from '@sundial/engine/ports';
import { LocalCounters } from './local-counters.js';
import { LocalHolds } from './local-holds.js';

type Settlement = SettleRequest<DecidedLimit>;

/** What this node has allowed by itself, used and held: from when it says so until the store has recorded it, or never will. */
export class LocalUsage {
  readonly counters = new LocalCounters();
  readonly holds = new LocalHolds(this.counters);

  /** What was decided before this process started. */
  restore(settlement: Settlement, now: number): void {
    const { intent, counters, operation, hold } = settlement;
    if (intent === 'count' || intent === 'hold') {
      this.counters.restore(counters, settlement, now);
      if (hold) this.holds.place(operation.id, { counters, takes: settlement, ...hold });
    } else if (intent === 'commit' && hold) {
      const takes = takenOf(committedOf(amountsByMeter(settlement), { amounts: settlement.committed ?? {} }));
      this.counters.restore(counters, takes, now);
      this.holds.placeCommitted(operation.id, { counters, takes, onExpiry: hold.onExpiry });
    }
  }

  /** Where the limits stand without the store: what has expired by then is over. */
  countsAt<L extends LimitSpec>(counters: readonly CounterRef<L>[], now: number): Counts<L> {
    this.holds.expire(now);
    return this.counters.counts(counters, now);
  }

  settled(settlement: Settlement): void {
    const { intent, counters, operation } = settlement;
    if (intent === 'count') this.counters.settled(counters, settlement);
    else if (intent === 'hold' || intent === 'commit') this.holds.settled(operation.id);
  }
}
