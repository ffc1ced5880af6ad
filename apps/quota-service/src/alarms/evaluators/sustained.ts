import type { AlarmSignal } from '../alarm-signal.js';
import type { SustainedTerms } from '../patterns/alarm-pattern.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { RecentChannels } from './recent-channels.js';

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/**
 * Holds while there is a way to divide time into minutes so that the current one and each of the `minutes − 1` before
 * it have `failures` failures, over `channels` channels in all.
 *
 * Where minutes begin must not matter: trouble that comes in bursts would fall now into one, now into another. So one
 * chart is kept for each whole second of the minute, and each remembers three numbers.
 */
export class Sustained implements Evaluator {
  readonly #charts: readonly Chart[];
  readonly #channels: RecentChannels;

  constructor(private readonly terms: Readonly<SustainedTerms>) {
    const starts = Array.from({ length: MINUTE_MS / SECOND_MS }, (_, second) => second * SECOND_MS);
    this.#charts = starts.map((startsAt) => new Chart(startsAt, terms.failures));
    this.#channels = new RecentChannels(terms.channels);
  }

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind !== 'failed') return;
    this.#channels.failed(signal.channel, at);
    for (const chart of this.#charts) chart.failed(at);
  }

  holds(at: number): boolean {
    const { since } = this.#channels;
    if (since === undefined) return false;
    const { minutes } = this.terms;
    return this.#charts.some(
      (chart) => chart.fullMinutes(at) >= minutes && chart.startOfMinutes(minutes, at) <= since,
    );
  }

  evidence(at: number): Evidence {
    const minutes = Math.max(...this.#charts.map((chart) => chart.fullMinutes(at)));
    return { failures: this.terms.failures, minutes, channels: this.#channels.names };
  }

  isIdle(at: number): boolean {
    return this.#charts.every((chart) => chart.isOver(at));
  }
}

/** Minutes that begin at one certain second: the failures of the latest that had one, and the full minutes before it. */
class Chart {
  #minute = -Infinity;
  #failures = 0;
  #fullBefore = 0;

  constructor(
    private readonly startsAt: number,
    /** As many failures make a minute full. */
    private readonly full: number,
  ) {}

  failed(at: number): void {
    const minute = this.#minuteOf(at);
    if (minute !== this.#minute) {
      const isNext = minute === this.#minute + 1;
      this.#fullBefore = isNext && this.#failures >= this.full ? this.#fullBefore + 1 : 0;
      this.#failures = 0;
      this.#minute = minute;
    }
    this.#failures++;
  }

  /** How many minutes in a row up to the current one are full; none if that one is not. */
  fullMinutes(at: number): number {
    return this.#minute === this.#minuteOf(at) && this.#failures >= this.full ? this.#fullBefore + 1 : 0;
  }

  /** When the earliest of so many minutes up to the current one began. */
  startOfMinutes(minutes: number, at: number): number {
    return (this.#minuteOf(at) - minutes + 1) * MINUTE_MS + this.startsAt;
  }

  isOver(at: number): boolean {
    return this.#minute < this.#minuteOf(at) - 1;
  }

  #minuteOf(at: number): number {
    return Math.floor((at - this.startsAt) / MINUTE_MS);
  }
}
