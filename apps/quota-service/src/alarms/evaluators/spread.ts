import type { AlarmSignal } from './alarm-signal.js';
import type { SpreadTerms } from '../patterns/alarm-pattern.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { RecentChannels } from './recent-channels.js';
import { RecentTimes } from './recent-times.js';

/** Holds while at least `failures` failures of at least `channels` channels lie in the last `withinMs`. */
export class Spread implements Evaluator {
  readonly #failures: RecentTimes;
  readonly #channels: RecentChannels;

  constructor(private readonly terms: Readonly<SpreadTerms>) {
    this.#failures = new RecentTimes(terms.failures);
    this.#channels = new RecentChannels(terms.channels);
  }

  note(signal: AlarmSignal, at: number): void {
    if (signal.kind !== 'failed') return;
    this.#failures.push(at);
    this.#channels.failed(signal.channel, at);
  }

  holds(at: number): boolean {
    const { oldest } = this.#failures;
    const { since } = this.#channels;
    if (oldest === undefined || since === undefined) return false;
    return at - Math.min(oldest, since) <= this.terms.withinMs;
  }

  evidence(at: number): Evidence {
    const { failures } = this.terms;
    return {
      failures,
      spanMs: Math.round(at - (this.#failures.oldest ?? at)),
      channels: this.#channels.names,
    };
  }
}
