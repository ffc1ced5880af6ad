import type { VolumeTerms } from '../patterns/alarm-pattern.js';
import type { AlarmSignal } from './alarm-signal.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { SlicedCounts } from './sliced-counts.js';

const SLICE_MS = 300_000;
const HOUR = 12;
const DAY = 24 * HOUR;
const MEMORY = DAY + HOUR;
/** What a node must have lived through to know the same hour of yesterday. */
export const YESTERDAY_MS = MEMORY * SLICE_MS;

/** Holds while there are at least `decisions` about a channel in the current twentieth of `withinMs` and the 19 before it. */
export class Volume implements Evaluator {
  readonly #counts: SlicedCounts;

  constructor(private readonly terms: Readonly<VolumeTerms>) {
    this.#counts = new SlicedCounts(terms.withinMs);
  }

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind === 'decided') this.#counts.add({ all: signal.allowed + signal.denied, some: 0 }, at);
  }

  holds(at: number): boolean {
    return this.#counts.sum(at).all >= this.terms.decisions;
  }

  evidence(at: number): Evidence {
    return { decisions: this.#counts.sum(at).all };
  }
}

/** What the ledger said goes for so long: it is read again every 30 s. */
const FRESH_MS = 90_000;

interface HourlyDecisions {
  readonly decisions: number;
  readonly yesterday: number;
}

/**
 * Holds while there are at least `decisions` about a channel in the current slice of five minutes and the 11 before it, and
 * `factor` times as many as in the 12 slices of a day before: by the ledger, where it was read of late, else by what was noted here.
 * Times are monotonic; what is noted is all there was since `beganAt`, so no yesterday is known for 25 hours.
 */
export class VolumeOfYesterday implements Evaluator {
  /** A ring of slices; what is older than the memory is overwritten. */
  readonly #slices = new Uint32Array(MEMORY);
  #latest = 0;
  #read: HourlyDecisions | undefined;
  #readAt = -Infinity;

  constructor(
    private readonly terms: Readonly<VolumeTerms> & { readonly factor: number },
    private readonly beganAt = 0,
  ) {}

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind === 'volume-read') {
      this.#read = signal;
      this.#readAt = at;
    } else if (signal.kind === 'decided') {
      const slice = this.#turnTo(at);
      this.#slices[slice % MEMORY]! += signal.allowed + signal.denied;
    }
  }

  holds(at: number): boolean {
    const hour = this.#hour(at);
    if (hour === undefined) return false;
    const { decisions: least, factor } = this.terms;
    return hour.decisions >= least && hour.decisions >= factor * hour.yesterday;
  }

  evidence(at: number): Evidence {
    const { decisions = 0, yesterday = 0 } = this.#hour(at) ?? {};
    return { decisions, yesterday };
  }

  #hour(at: number): HourlyDecisions | undefined {
    if (this.#read && at - this.#readAt <= FRESH_MS) return this.#read;
    if (at - this.beganAt < YESTERDAY_MS) return undefined;
    const slice = this.#turnTo(at);
    return { decisions: this.#hourTo(slice), yesterday: this.#hourTo(slice - DAY) };
  }

  /** Empties the slices that began since the last look. */
  #turnTo(at: number): number {
    const slice = Math.floor(at / SLICE_MS);
    const first = Math.max(this.#latest + 1, slice - MEMORY + 1);
    for (let began = first; began <= slice; began++) this.#slices[began % MEMORY] = 0;
    this.#latest = Math.max(this.#latest, slice);
    return slice;
  }

  #hourTo(slice: number): number {
    let sum = 0;
    for (let each = slice - HOUR + 1; each <= slice; each++) sum += this.#slices[(each + MEMORY) % MEMORY]!;
    return sum;
  }
}
