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

/**
 * Holds while there are at least `decisions` about a channel in the current slice of five minutes and the 11 before it, and
 * `factor` times as many as in the 12 slices of a day before. Times are monotonic from the start of the process, which
 * knows no yesterday for its first 25 hours.
 */
export class VolumeOfYesterday implements Evaluator {
  /** A ring of slices; what is older than the memory is overwritten. */
  readonly #slices = new Uint32Array(MEMORY);
  #latest = 0;

  constructor(private readonly terms: Readonly<VolumeTerms> & { readonly factor: number }) {}

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind !== 'decided') return;
    const slice = this.#turnTo(at);
    this.#slices[slice % MEMORY]! += signal.allowed + signal.denied;
  }

  holds(at: number): boolean {
    if (at < YESTERDAY_MS) return false;
    const slice = this.#turnTo(at);
    const decisions = this.#hourTo(slice);
    const { decisions: least, factor } = this.terms;
    return decisions >= least && decisions >= factor * this.#hourTo(slice - DAY);
  }

  evidence(at: number): Evidence {
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
