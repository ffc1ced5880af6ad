import type { AlarmSignal } from './alarm-signal.js';
import type { SustainedTerms } from '../patterns/alarm-pattern.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { RecentChannels } from './recent-channels.js';

const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** A way to divide time into minutes: its current one, and how many full ones in a row led up to it. */
interface Chart {
  /** Failures there had been when the current minute began. */
  failuresBefore: number;
  fullMinutes: number;
}

/**
 * Holds while there is a way to divide time into minutes so that the current one and each of the `minutes − 1` before
 * it have `failures` failures, over `channels` channels in all.
 *
 * Where minutes begin must not matter: trouble that comes in bursts would fall now into one, now into another. So there
 * is a chart for each second of the minute, and with every second one of them begins a new minute.
 */
export class Sustained implements Evaluator {
  readonly #charts: readonly Chart[] = Array.from({ length: MINUTE_S }, () => ({
    failuresBefore: 0,
    fullMinutes: 0,
  }));
  readonly #channels: RecentChannels;
  #failures = 0;
  /** The latest whole second that has begun. */
  #second: number | undefined;

  constructor(private readonly terms: Readonly<SustainedTerms>) {
    this.#channels = new RecentChannels(terms.channels);
  }

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind !== 'failed') return;
    this.#turnTo(at);
    this.#failures++;
    this.#channels.failed(signal.channel, at);
  }

  holds(at: number): boolean {
    const second = this.#turnTo(at);
    const { since } = this.#channels;
    if (since === undefined) return false;
    const { minutes } = this.terms;
    for (let began = second; began > second - MINUTE_S; began--) {
      const chart = this.#chartOf(began);
      if (chart.fullMinutes < minutes - 1 || !this.#isFull(chart)) continue;
      if ((began - (minutes - 1) * MINUTE_S) * SECOND_MS <= since) return true;
    }
    return false;
  }

  evidence(): Evidence {
    const { failures, minutes } = this.terms;
    return { failures, minutes, channels: this.#channels.names };
  }

  /** Begins the minutes that begin with each second since the last look; two minutes ago all is forgotten. */
  #turnTo(at: number): number {
    const second = Math.floor(at / SECOND_MS);
    const last = this.#second ?? second;
    for (let began = Math.max(last + 1, second - 2 * MINUTE_S); began <= second; began++) {
      const chart = this.#chartOf(began);
      chart.fullMinutes = this.#isFull(chart) ? chart.fullMinutes + 1 : 0;
      chart.failuresBefore = this.#failures;
    }
    this.#second = second;
    return second;
  }

  #isFull({ failuresBefore }: Chart): boolean {
    return this.#failures - failuresBefore >= this.terms.failures;
  }

  #chartOf(second: number): Chart {
    return this.#charts[(second + MINUTE_S) % MINUTE_S]!;
  }
}
