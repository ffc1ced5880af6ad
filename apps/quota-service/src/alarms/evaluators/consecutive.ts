import type { AlarmSignal } from './alarm-signal.js';
import type { ConsecutiveTerms } from '../patterns/alarm-pattern.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { RecentTimes } from './recent-times.js';

/** Holds while the channel's last `failures` outcomes all failed and all lie in the last `withinMs`. */
export class Consecutive implements Evaluator {
  readonly #inARow: RecentTimes;

  constructor(private readonly terms: Readonly<ConsecutiveTerms>) {
    this.#inARow = new RecentTimes(terms.failures);
  }

  note({ kind }: AlarmSignal, at: number): void {
    if (kind === 'failed') this.#inARow.push(at);
    else if (kind === 'succeeded') this.#inARow.clear();
  }

  holds(at: number): boolean {
    const { oldest } = this.#inARow;
    return oldest !== undefined && at - oldest <= this.terms.withinMs;
  }

  evidence(at: number): Evidence {
    return { failures: this.terms.failures, spanMs: Math.round(at - (this.#inARow.oldest ?? at)) };
  }
}
