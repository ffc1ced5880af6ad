import type { LedgerEvent } from '../contract/ledger-event.js';

/** A time in which this node decided without the store. A row of `ledger_outages`. */
export interface OutageRow {
  readonly node: string;
  readonly started_at: number;
  /** When it was last seen to last. */
  last_at: number;
  /** `null` while it lasts. */
  ended_at: number | null;
  allowed: number;
  denied: number;
  /** JSON: what became of the allowed ones. */
  settled: string;
}

/** A node that decides without the store and does not say so has recovered when it has not done it for so long. */
const QUIET_MS = 60_000;
/** A decision is recorded so long after the instant that its settlement is dated by, at most: it may have waited for the disk. */
const RECORDED_AFTER_MS = 1_000;
/** Outages that settlements may still come for. */
const REMEMBERED = 100;

/** Sums up the outages of a node from its rows: decisions without the store, changes of mode, settlements. */
export class Outages {
  #outages: OutageRow[] = [];
  #changed = new Set<OutageRow>();

  constructor(private readonly node: string) {}

  /** Those that the database has, oldest first. */
  restore(rows: readonly OutageRow[]): void {
    this.#outages = rows.map((row) => ({ ...row }));
  }

  add(event: LedgerEvent): void {
    const { kind, outcome, at, data, count = 1 } = event;
    if (kind === 'mode') return outcome === 'degraded' ? void this.#at(at) : this.#end(at);
    if (kind === 'settlement') return this.#settle(data?.decidedAt ?? at, outcome, count);
    if (!data?.degraded || data.replayed || (kind !== 'check' && kind !== 'reserve')) return;
    const outage = this.#at(at);
    if (outcome === 'allowed') outage.allowed += count;
    else outage.denied += count;
  }

  take(): readonly OutageRow[] {
    const taken = [...this.#changed];
    this.#changed.clear();
    return taken;
  }

  #at(at: number): OutageRow {
    const last = this.#outages.at(-1);
    if (last && at >= last.started_at && (last.ended_at ?? last.last_at + QUIET_MS) >= at) {
      last.last_at = Math.max(last.last_at, at);
      this.#changed.add(last);
      return last;
    }
    if (last && last.ended_at === null) this.#end(last.last_at);
    const outage: OutageRow = {
      ...{
        node: this.node,
        started_at: at,
        last_at: at,
        ended_at: null,
        allowed: 0,
        denied: 0,
        settled: '{}',
      },
    };
    this.#outages.push(outage);
    if (this.#outages.length > REMEMBERED) this.#outages.shift();
    this.#changed.add(outage);
    return outage;
  }

  #end(at: number): void {
    const last = this.#outages.at(-1);
    if (!last || last.ended_at !== null) return;
    last.ended_at = Math.max(at, last.last_at);
    this.#changed.add(last);
  }

  /** In the outage that had it, or that it began; or it was recorded when that had just ended, and began another one. */
  #settle(decidedAt: number, outcome: string, count: number): void {
    const begun = this.#outages.filter((one) => one.started_at <= decidedAt);
    const candidates = [
      begun.findLast((one) => decidedAt <= (one.ended_at ?? Infinity)),
      this.#outages.find(
        (one) => one.started_at > decidedAt && one.started_at <= decidedAt + RECORDED_AFTER_MS,
      ),
      begun.at(-1),
    ].filter((one) => one !== undefined);
    const outage = candidates.find(hasPending) ?? candidates[0];
    if (!outage) return;
    const settled = JSON.parse(outage.settled) as Record<string, number>;
    outage.settled = JSON.stringify({ ...settled, [outcome]: (settled[outcome] ?? 0) + count });
    this.#changed.add(outage);
  }
}

/** Whether more were allowed than is known of what became of them; `voided` are attempts of refused ones. */
function hasPending({ allowed, settled }: OutageRow): boolean {
  const { voided: _, ...ofAllowed } = JSON.parse(settled) as Record<string, number>;
  return allowed > Object.values(ofAllowed).reduce((sum, count) => sum + count, 0);
}
