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
import type { Channel, CounterAboveMax, LedgerMismatch } from './evaluators/alarm-signal.js';

/**
 * Makes signals of what an engine reports. A degraded decision is a failure of its resource's channel to the store; one
 * the store made is a success. What asked no store is neither: a resource without rules, a closed gate, a brake, and the
 * repetition of a promise.
 *
 * Almost all decisions are successes, so these are only counted, in one map look-up, and given to the evaluator with the
 * next failure of their channel or the next tick. There are at most as many counts as resources with rules.
 */
export class AlarmObserver implements QuotaObserver {
  #counted = new Map<string, Counted>();

  constructor(
    private readonly evaluator: Pick<AlarmEvaluator, 'take'>,
    private readonly dependency: Store['kind'],
  ) {}

  decided({ resource }: CheckRequest, decision: Decision): void {
    if (decision.degraded) {
      if (decision.replayed) return;
      this.#failed(resource);
      this.#count(resource, decision.allowed);
      return;
    }
    if (!isByStore(decision)) return;
    const counted = this.#count(resource, decision.replayed ? null : decision.allowed);
    counted.successes++;
  }

  /** Holds of a resource that expired instead of being ended. */
  holdsExpired(resource: string, holds: number): void {
    this.evaluator.take(
      { kind: 'holds-expired', channel: this.#channel(resource), holds },
      performance.now(),
    );
  }

  keysRefused(refusals: number): void {
    this.evaluator.take({ kind: 'keys-refused', refusals }, performance.now());
  }

  ledgerMismatched(mismatch: LedgerMismatch): void {
    this.evaluator.take({ kind: 'ledger-mismatched', mismatch }, performance.now());
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
    const counted = this.#counted;
    this.#counted = new Map();
    for (const [resource, { successes, allowed, denied }] of counted) {
      const channel = this.#channel(resource);
      if (successes > 0) this.evaluator.take({ kind: 'succeeded', channel, count: successes }, at);
      if (allowed + denied > 0) this.evaluator.take({ kind: 'decided', channel, allowed, denied }, at);
    }
  }

  /** `isAllowed`: null of a repetition, which decides nothing. */
  #count(resource: string, isAllowed: boolean | null): Counted {
    let counted = this.#counted.get(resource);
    if (!counted) this.#counted.set(resource, (counted = { successes: 0, allowed: 0, denied: 0 }));
    if (isAllowed === true) counted.allowed++;
    else if (isAllowed === false) counted.denied++;
    return counted;
  }

  #failed(resource: string): void {
    const at = performance.now();
    const channel = this.#channel(resource);
    const before = this.#counted.get(resource);
    if (before && before.successes > 0) {
      this.evaluator.take({ kind: 'succeeded', channel, count: before.successes }, at);
      before.successes = 0;
    }
    this.evaluator.take({ kind: 'failed', channel }, at);
  }

  #channel(resource: string): Channel {
    return { resource, dependency: this.dependency };
  }
}

/** What is only counted until the next failure of its channel, or the next tick. */
interface Counted {
  successes: number;
  allowed: number;
  denied: number;
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
