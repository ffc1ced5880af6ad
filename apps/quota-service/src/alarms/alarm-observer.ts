import type { CheckRequest, Decision, DegradedCause } from '@sundial/contract';
import type {
  ControlChange,
  WrongTypeKey,
  QuotaObserver,
  Store,
  StoreFinding,
  StoreMode,
  UncertainInterval,
} from '@sundial/engine';
import { performance } from 'node:perf_hooks';
import type { FileFinding } from '@sundial/embedded';
import type { AlarmEvaluator } from './alarm-evaluator.js';
import type { Channel, CounterAboveMax } from './evaluators/alarm-signal.js';

/**
 * Makes signals of what an engine reports. A degraded decision is a failure of its resource's channel to the store; one
 * the store made is a success. What asked no store is neither: a resource without rules, a closed gate, a brake, and the
 * repetition of a promise.
 *
 * Almost all decisions are successes, so these are only counted, in one map look-up, and given to the evaluator with the
 * next failure of their channel or the next tick. There are at most as many counts as resources with rules.
 */
export class AlarmObserver implements QuotaObserver {
  #successes = new Map<string, { count: number }>();

  constructor(
    private readonly evaluator: AlarmEvaluator,
    private readonly dependency: Store['kind'],
  ) {}

  decided({ resource }: CheckRequest, decision: Decision): void {
    if (decision.degraded) {
      if (!decision.replayed) this.#failed(resource);
      return;
    }
    if (!isByStore(decision)) return;
    const seen = this.#successes.get(resource);
    if (seen) seen.count++;
    else this.#successes.set(resource, { count: 1 });
  }

  controlChanged({ kind, key, change, sentence }: ControlChange): void {
    const control = { kind, key, sentence };
    this.evaluator.take({ kind: 'control-changed', control, holds: change === 'set' }, performance.now());
  }

  modeChanged(mode: StoreMode, cause: DegradedCause | null): void {
    this.evaluator.take({ kind: 'mode-changed', mode, cause }, performance.now());
  }

  journalOverflowed(operations: number): void {
    this.evaluator.take({ kind: 'journal-overflowed', operations }, performance.now());
  }

  overAdmitted({ resource, ...counter }: CounterAboveMax & { readonly resource: string }): void {
    this.evaluator.take(
      { kind: 'over-admitted', channel: this.#channel(resource), counter },
      performance.now(),
    );
  }

  findingChanged(finding: StoreFinding, holds: boolean): void {
    this.evaluator.take({ kind: 'finding-changed', finding, holds }, performance.now());
  }

  fileFindingChanged(finding: FileFinding, holds: boolean): void {
    this.evaluator.take({ kind: 'file-finding-changed', finding, holds }, performance.now());
  }

  wrongTypeKey({ resource, ...key }: WrongTypeKey): void {
    this.evaluator.take({ kind: 'wrong-type-key', channel: this.#channel(resource), key }, performance.now());
  }

  uncertain(interval: UncertainInterval): void {
    this.evaluator.take({ kind: 'uncertain-interval', interval }, performance.now());
  }

  /** Hands over what was only counted. */
  flush(at: number): void {
    const successes = this.#successes;
    this.#successes = new Map();
    for (const [resource, { count }] of successes) {
      this.evaluator.take({ kind: 'succeeded', channel: this.#channel(resource), count }, at);
    }
  }

  #failed(resource: string): void {
    const at = performance.now();
    const channel = this.#channel(resource);
    const before = this.#successes.get(resource);
    if (before) {
      this.#successes.delete(resource);
      this.evaluator.take({ kind: 'succeeded', channel, count: before.count }, at);
    }
    this.evaluator.take({ kind: 'failed', channel }, at);
  }

  #channel(resource: string): Channel {
    return { resource, dependency: this.dependency };
  }
}

/** Of a decision that is not degraded. A limit stands in it only where a store was asked. */
function isByStore({ reason, limits }: Decision): boolean {
  switch (reason) {
    case 'no-rule':
    case 'gate-closed':
    case 'braked':
      return false;
    case 'gate-open':
      return limits.length > 0;
    case 'ok':
    case 'limit-reached':
    case 'amount-exceeds-limit':
    case 'too-many-holds':
    case 'degraded':
      return true;
    default:
      return reason satisfies never;
  }
}
