import type fc from 'fast-check';
import type { Store } from '@sundial/engine';
import {
  type CounterRef,
  type EndHoldRequest,
  type EndHoldResult,
  type GiveBackRequest,
  type GiveBackResult,
  type LimitSpec,
  type OperationRefund,
  type OperationRefundResult,
  type ReadRequest,
  type ReadResult,
  type SettleRequest,
  type SettleResult,
  type SetUsageRequest,
  type SetUsageResult,
  countersToTake,
  startByOf,
  StoreError,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';

/** What becomes of a call: `refused` and `lost` never run, of `cut` only the answer is lost. */
export type CallOutcome = 'answered' | 'refused' | 'lost' | 'cut';

/** What each unit takes of other meters. */
export const TOKENS_A_UNIT = 7;

/** A store in this process, which answers at once. */
export interface StoreHere extends Pick<Store, 'secret' | 'now' | 'close'> {
  take<L extends LimitSpec>(request: TakeRequest<L>): TakeResult<L>;
  settle(request: SettleRequest): SettleResult;
  read<L extends LimitSpec>(request: ReadRequest<L>): ReadResult<L>;
  endHold<L extends LimitSpec>(request: EndHoldRequest<L>): EndHoldResult<L>;
  refund(request: OperationRefund): OperationRefundResult;
  giveBack<L extends LimitSpec>(request: GiveBackRequest<L>): GiveBackResult<L>;
  setUsage<L extends LimitSpec>(request: SetUsageRequest<L>): SetUsageResult<L>;
}

/**
 * A store at the other end of a connection: the scheduler decides when a call gets there, and when its answer is back. As on
 * a connection, calls arrive and are answered in the order in which they left; takes that wait for their turn overtake each
 * other, as those of different fairness keys do.
 */
export class ScheduledStore implements Store {
  readonly kind = 'redis';
  readonly secret: Store['secret'];
  isHealed = false;
  /** Calls that have left this process. */
  calls = 0;
  /** Those of the last take or settlement. */
  #counters: readonly CounterRef[] = [];
  readonly #store: StoreHere;
  readonly #scheduler: fc.Scheduler;
  readonly #outcomes: CallOutcome[];
  readonly #isQueued: boolean;
  #arrived = Promise.resolve();
  #answered = Promise.resolve();

  /** `isQueued`: takes wait for their turn before they leave. */
  constructor(
    store: StoreHere,
    scheduler: fc.Scheduler,
    { outcomes, isQueued }: { readonly outcomes: readonly CallOutcome[]; readonly isQueued: boolean },
  ) {
    this.#store = store;
    this.secret = store.secret;
    this.#scheduler = scheduler;
    this.#outcomes = [...outcomes];
    this.#isQueued = isQueued;
  }

  async take<L extends LimitSpec>(request: TakeRequest<L>): Promise<TakeResult<L>> {
    this.#counters = request.counters;
    if (this.#isQueued) await this.#scheduler.schedule(Promise.resolve(), 'take leaves');
    const deadlineAt = startByOf(request);
    if (deadlineAt === undefined) return { outcome: 'expired' };
    const counters = countersToTake(request) as typeof request.counters;
    return this.#call('take', () => this.#store.take({ ...request, counters, deadlineAt }));
  }

  settle(request: SettleRequest): Promise<SettleResult> {
    this.#counters = request.counters;
    return this.#call(request.intent, () => this.#store.settle(request));
  }

  read<L extends LimitSpec>(request: ReadRequest<L>): Promise<ReadResult<L>> {
    return this.#call('read', () => this.#store.read(request));
  }

  endHold<L extends LimitSpec>(request: EndHoldRequest<L>): Promise<EndHoldResult<L>> {
    this.#counters = request.counters;
    const deadlineAt = startByOf(request);
    if (deadlineAt === undefined) return Promise.resolve({ outcome: 'expired' });
    return this.#call(request.ending.kind, () => this.#store.endHold({ ...request, deadlineAt }));
  }

  refund(request: OperationRefund): Promise<OperationRefundResult> {
    const deadlineAt = startByOf(request);
    if (deadlineAt === undefined) return Promise.resolve({ outcome: 'expired' });
    return this.#call('refund', () => this.#store.refund({ ...request, deadlineAt }));
  }

  giveBack<L extends LimitSpec>(request: GiveBackRequest<L>): Promise<GiveBackResult<L>> {
    return this.#call('give back', () => this.#store.giveBack(request));
  }

  setUsage<L extends LimitSpec>(request: SetUsageRequest<L>): Promise<SetUsageResult<L>> {
    return this.#call('set usage', () => this.#store.setUsage(request));
  }

  scan(): never {
    throw new Error('Calls are scheduled of checks and reservations only');
  }

  liveHolds(): never {
    return this.scan();
  }

  probe(): Promise<void> {
    return this.#call('probe', () => undefined);
  }

  now(): number {
    return this.#store.now();
  }

  /** The units that the store has counted, whatever this process knows of it; NaN where its limits say different ones. */
  get used(): number {
    const result = this.#store.read({ counters: this.#counters });
    if (!('counts' in result)) return NaN;
    const units = result.counts.map(({ limit, used }) =>
      limit.meter === undefined ? used : used / TOKENS_A_UNIT,
    );
    return units.every((each) => each === units[0]) ? (units[0] ?? 0) : NaN;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #call<T>(name: string, run: () => T): Promise<T> {
    this.calls++;
    const outcome = this.isHealed ? 'answered' : (this.#outcomes.shift() ?? 'answered');
    await (this.#arrived = this.#behind(this.#arrived, `${name} arrives, to be ${outcome}`));
    if (outcome === 'refused') throw new StoreError('Refused', 'not-executed');
    if (outcome === 'lost') throw new StoreError('Lost', 'unknown');
    const result = run();
    await (this.#answered = this.#behind(this.#answered, `${name} is answered`));
    if (outcome === 'cut') throw new StoreError('Cut', 'unknown');
    return result;
  }

  #behind(before: Promise<void>, label: string): Promise<void> {
    return before.then(() => this.#scheduler.schedule(Promise.resolve(), label));
  }
}
