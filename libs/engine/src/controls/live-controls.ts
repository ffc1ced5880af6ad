import { type ControlChange, changeOf } from './control-change.js';
import { type ControlRecord, isLater, KEEP_ENDED_MS, MAX_CONTROL_RECORDS } from './control-record.js';
import { ControlsInForce } from './controls-in-force.js';

export interface LiveControlsOptions {
  /** The store's clock, epoch milliseconds: what ends, ends by it. */
  readonly now: () => number;
  /** Called with every change of what is in force here, whichever operator made it. */
  readonly changed?: (change: ControlChange) => void;
  /** Called when this node knows more than before. */
  readonly merged?: () => void;
}

/**
 * The gates, brakes and drills that this node knows. Records of other nodes are merged, the later one of a key holds, and what
 * ends, ends by the store's clock without anything being written.
 */
export class LiveControls {
  readonly #now: () => number;
  readonly #changed: (change: ControlChange) => void;
  readonly #merged: () => void;
  readonly #records = new Map<string, ControlRecord>();
  /** Keys of what was in force when that was last looked at. */
  readonly #live = new Map<string, ControlRecord>();
  #inForce: ControlsInForce | undefined;
  #latest = 0;

  constructor({ now, changed = () => undefined, merged = () => undefined }: LiveControlsOptions) {
    this.#now = now;
    this.#changed = changed;
    this.#merged = merged;
  }

  /** Undefined while nothing is set: a check then looks at this and at nothing else. */
  get inForce(): ControlsInForce | undefined {
    return this.#inForce;
  }

  now(): number {
    return this.#now();
  }

  /** Ended ones and those that were taken away, too. */
  get records(): Iterable<ControlRecord> {
    return this.#records.values();
  }

  /** What is in force under a key. */
  get(key: string): ControlRecord | undefined {
    const record = this.#records.get(key);
    return record?.control && this.#now() < record.endsAt ? record : undefined;
  }

  /** All that is in force. */
  all(): readonly ControlRecord[] {
    const now = this.#now();
    return [...this.#records.values()].filter(({ control, endsAt }) => control !== null && now < endsAt);
  }

  /** The instant of a record that is written now: later than all that this node knows, whatever its clock says. */
  stamp(): number {
    return Math.max(Math.ceil(this.#now()), this.#latest + 1);
  }

  /** Takes the records that are later than those it has, and says which these are. */
  merge(records: Iterable<ControlRecord>): readonly ControlRecord[] {
    const later: ControlRecord[] = [];
    for (const record of records) {
      this.#latest = Math.max(this.#latest, record.at);
      if (!isLater(record, this.#records.get(record.key))) continue;
      this.#records.set(record.key, record);
      later.push(record);
    }
    if (later.length > 0) {
      this.#refresh();
      this.#merged();
    }
    return later;
  }

  /** Of what is known here, what these records lack. */
  laterThan(others: ReadonlyMap<string, ControlRecord>): readonly ControlRecord[] {
    const now = this.#now();
    // Where there is no room for all, ended ones would push each other out again and again.
    const isFull = others.size >= MAX_CONTROL_RECORDS;
    return [...this.#records.values()].filter((record) => {
      const known = others.get(record.key);
      if (isFull && known === undefined && record.endsAt <= now) return false;
      return isLater(record, known);
    });
  }

  /** Whether a drill says that the store is away for operations of this resource. */
  isStoreDrilled(resource: string): boolean {
    const fault = this.#inForce?.drillOf(resource, this.#now())?.drill.fault;
    return fault === 'store' || fault === 'both';
  }

  /** To be called now and then: reports what has ended, and forgets what ended long ago. */
  tick(): void {
    if (this.#records.size > 0) this.#refresh();
  }

  #refresh(): void {
    const now = this.#now();
    this.#forget(now);
    const before = new Map(this.#live);
    this.#live.clear();
    for (const record of this.all()) this.#live.set(record.key, record);
    this.#inForce = ControlsInForce.of(this.#live.values(), now);
    for (const [key, record] of this.#live) {
      if (before.get(key) !== record) this.#changed(changeOf(record, 'set'));
    }
    for (const [key, record] of before) {
      if (this.#live.has(key)) continue;
      const isOver = this.#records.get(key) === record;
      this.#changed(changeOf(record, isOver ? 'expired' : 'removed'));
    }
  }

  #forget(now: number): void {
    for (const [key, { endsAt }] of this.#records) {
      const isOld = endsAt + KEEP_ENDED_MS < now;
      const isInExcess = this.#records.size > MAX_CONTROL_RECORDS && endsAt <= now;
      if (isOld || isInExcess) this.#records.delete(key);
    }
  }
}
