import type { Amounts } from '@sundial/contract';
import {
  type EndHoldRequest,
  type EndHoldResult,
  type LimitCount,
  type LimitSpec,
  type OperationRefund,
  type OperationRefundResult,
  type ReadRequest,
  type ReadResult,
  type SettleRequest,
  type SettleResult,
  SharedSecret,
  startsAtOf,
  type StoredReservation,
  type TakeRequest,
  type TakeResult,
  unitsOf,
  windowIndexAt,
} from '@sundial/engine/ports';
import {
  isFree,
  apply,
  look,
  type Call,
  type Part,
  type Remembered,
  type Shape,
  type Store,
} from './reservation-model.js';
import { settle, type Settlement } from './reservation-model-settlements.js';

/** What the model does not say of an operation. */
interface Named {
  readonly number: number;
  takenAt: number;
  /** The id was free before. */
  isReused?: boolean;
  attempt: number;
  amounts: Amounts;
  committed?: Amounts;
}

/** The specification (`reservation-model.ts`), to be asked like a store: of one counter, with these limits by their fields. */
export class SpecifiedStore {
  readonly kind = 'embedded';
  readonly secret = new SharedSecret();
  readonly #shape: Shape;
  readonly #fields: readonly string[];
  readonly #operations = new Map<string, Named>();
  readonly #attempts = new Map<string, number>();
  #store: Store;

  constructor(shape: Shape, fields: readonly string[]) {
    this.#shape = shape;
    this.#fields = fields;
    const counters = shape.limits.map((limit) => ({
      window: shape.windowAt(limit, this.now()),
      used: 0,
      reserved: 0,
    }));
    this.#store = { now: this.now(), counters, operations: [] };
  }

  now(): number {
    return Date.now();
  }

  take<L extends LimitSpec>(request: TakeRequest<L>): TakeResult<L> {
    const { operation, amount, amounts, hold, deadlineAt } = request;
    const named = this.#named(operation.id);
    const attempt = this.#attempt(operation.attempt);
    const deadline = typeof deadlineAt === 'number' ? deadlineAt : (deadlineAt() ?? -Infinity);
    const asked = { operation: named.number, attempt, amounts: { units: amount, ...amounts }, deadline };
    const isReused = this.#isReused(named);
    const { outcome, record } = this.#apply(
      hold === undefined
        ? { verb: 'take', ...asked }
        : { verb: 'hold', ...asked, ttl: hold.ttlMs, onExpiry: hold.onExpiry },
    );
    const counts = this.#counts(request);
    switch (outcome) {
      case 'taken':
        Object.assign(named, {
          ...{ takenAt: this.now(), attempt, amounts: asked.amounts },
          ...{ committed: undefined, isReused },
        });
        return { outcome, counts, ...(hold && { reservation: stored(named, record!) }) };
      case 'replayed': {
        const counted = { at: named.takenAt, until: record!.until };
        return { outcome, counts, counted, ...(hold && { reservation: stored(named, record!) }) };
      }
      case 'refused':
        return { outcome, counts };
      default:
        return { outcome: outcome as 'conflict' | 'refunded' | 'expired' };
    }
  }

  read<L extends LimitSpec>(request: ReadRequest<L>): ReadResult<L> {
    this.#apply({ verb: 'read' });
    return { outcome: 'read', counts: this.#counts(request) };
  }

  endHold<L extends LimitSpec>(request: EndHoldRequest<L>): EndHoldResult<L> {
    const { operation, ending, takenAt, deadlineAt } = request;
    if (this.now() > Number(deadlineAt)) return { outcome: 'expired' };
    const named = this.#named(operation.id);
    const isMeant = takenAt === undefined || this.#isOf(named, takenAt);
    const asked = { operation: named.number, attempt: isMeant ? this.#attemptOf(named) : -1 };
    if (ending.kind === 'look') return this.#look(named, isMeant);
    const amounts = ending.kind === 'release' ? {} : unitsIn(ending);
    const { outcome, record } = this.#apply(
      ending.kind === 'extend'
        ? { verb: 'extend', ...asked, amounts, ttl: ending.ttlMs ?? 0 }
        : { verb: ending.kind, ...asked, amounts },
    );
    const answered = ENDED[outcome] ?? 'not-found';
    if (answered === 'not-found') return { outcome: answered };
    if (outcome === 'committed') named.committed ??= { ...named.amounts, ...amounts };
    else if (outcome === 'taken') named.amounts = { ...named.amounts, ...amounts };
    const reservation = stored(named, record!);
    if (answered === 'ended' || answered === 'ended-otherwise')
      return { outcome: answered, reservation, windows: [] };
    return { outcome: answered, reservation, counts: this.#counts(request) };
  }

  refund(request: OperationRefund): OperationRefundResult {
    const named = this.#named(request.operation.id);
    const { outcome } = this.#apply({ verb: 'refund', operation: named.number });
    if (outcome !== 'refunded') return { outcome: outcome as 'held' | 'not-found' };
    return { outcome, amounts: named.committed ?? named.amounts };
  }

  settle(request: SettleRequest): SettleResult {
    const named = this.#named(request.operation.id);
    const answered = settle(this.#shape, this.#current(), this.#settlementOf(request, named));
    this.#store = answered.store;
    if (answered.outcome === 'committed') named.committed ??= { ...named.amounts, ...request.committed };
    return { outcome: SETTLED[answered.outcome] ?? 'voided' };
  }

  #settlementOf(request: SettleRequest, named: Named): Settlement {
    const { operation, intent, hold, decidedAt, committed = {} } = request;
    const asked = {
      operation: named.number,
      intent,
      parts: this.#parts(request),
      amounts: committed,
      decidedAt,
    };
    const isUnsent = false;
    if (hold === undefined || intent === 'void') {
      const attempt = this.#attempt(operation.attempt);
      return { ...asked, attempt, at: decidedAt, ttl: 0, onExpiry: 'release', wasHeld: false, isUnsent };
    }
    const { takenAt: at, expiresAt, onExpiry, isDegraded } = hold;
    const isExtended = isExtension(request);
    const attempt = isExtended ? this.#extendedAttempt(request, named) : this.#settledAttempt(request, named);
    return {
      ...asked,
      isExtended,
      attempt,
      at,
      ttl: expiresAt - at,
      onExpiry,
      wasHeld: !isDegraded,
      isUnsent,
    };
  }

  /** Endings do not say which attempt took the reservation: it is that of the one that is there, or comes later. */
  #settledAttempt({ operation, intent, hold, amount, amounts }: SettleRequest, named: Named): number {
    const attempt = this.#attempt(operation.attempt);
    const { takenAt, isDegraded } = hold!;
    // Also one that has expired since, whose id is free: this node may have extended it without the store.
    const isOfThen = takenAt === named.takenAt;
    if (!isOfThen && this.#isNew(named)) {
      Object.assign(named, {
        takenAt,
        attempt,
        amounts: { units: amount, ...amounts },
        committed: undefined,
        isReused: this.#isReused(named),
      });
      return attempt;
    }
    return (isDegraded || isOfThen) && intent !== 'hold' ? this.#attemptOf(named) : attempt;
  }

  /** An extension is of the reservation that was taken then, also of one that has expired since. */
  #extendedAttempt(request: SettleRequest, named: Named): number {
    const isIts = request.hold!.takenAt === named.takenAt;
    if (!isIts && this.#isNew(named)) return this.#settledAttempt(request, named);
    named.amounts = { units: request.amount, ...request.amounts };
    return this.#attemptOf(named);
  }

  #look<L extends LimitSpec>(named: Named, isMeant: boolean): EndHoldResult<L> {
    this.#apply({ verb: 'read' });
    const record = this.#store.operations[named.number];
    if (!record || !isMeant || record.state === 'voided' || record.state === 'refunded')
      return { outcome: 'not-found' };
    return { outcome: 'found', reservation: stored(named, record), windows: [] };
  }

  giveBack(): never {
    throw new Error('The specification has no returns');
  }

  setUsage(): never {
    throw new Error('The specification has no corrections');
  }

  async close(): Promise<void> {}

  #apply(call: Call) {
    const answered = apply(this.#shape, this.#current(), call);
    this.#store = answered.store;
    return answered;
  }

  #current(): Store {
    const operations = [...this.#store.operations];
    while (operations.length < this.#operations.size) operations.push(null);
    return { ...this.#store, now: this.now(), operations };
  }

  /** Attempts at one operation mean one reservation, unless its id was free between them. */
  #isOf(named: Named, takenAt: number): boolean {
    return takenAt >= named.takenAt || (!named.isReused && takenAt > named.takenAt - this.#shape.rememberFor);
  }

  /** Whether another reservation had the id, and has freed it. */
  #isReused({ number }: Named): boolean {
    const known = look(this.#shape, this.#current()).operations[number];
    return known !== undefined && known !== null && isFree(known);
  }

  #isNew({ number }: Named): boolean {
    const known = look(this.#shape, this.#current()).operations[number];
    return !known || isFree(known);
  }

  #named(id: string): Named {
    let named = this.#operations.get(id);
    if (named === undefined) {
      named = { number: this.#operations.size, takenAt: -1, attempt: -1, amounts: { units: 0 } };
      this.#operations.set(id, named);
    }
    return named;
  }

  /** One that relies on it. */
  #attemptOf({ number, attempt }: Named): number {
    return this.#store.operations[number]?.attempts[0] ?? attempt;
  }

  #attempt(attempt: string): number {
    let number = this.#attempts.get(attempt);
    if (number === undefined) this.#attempts.set(attempt, (number = this.#attempts.size));
    return number;
  }

  #parts({ counters, amount, amounts, hold, intent }: SettleRequest): readonly Part[] {
    const takes = { amount, amounts, hold: intent === 'count' || intent === 'void' ? undefined : hold };
    return counters.flatMap(({ limits }) =>
      limits.flatMap((limit): Part[] => {
        const index = this.#fields.indexOf(limit.field);
        const window = this.#shape.windowAt(this.#shape.limits[index]!, startsAtOf(limit, limit.windowIndex));
        const units = unitsOf(limit, takes);
        return units > 0 ? [{ limit: index, window, amount: units }] : [];
      }),
    );
  }

  #counts<L extends LimitSpec>({ counters }: ReadRequest<L>): LimitCount<L>[] {
    const { now } = this.#store;
    return counters.flatMap((counter) =>
      counter.limits.map((limit) => {
        const index = this.#fields.indexOf(limit.field);
        const { window, used, reserved } = this.#store.counters[index]!;
        const isOpen = window === this.#shape.windowAt(this.#shape.limits[index]!, now);
        const windowIndex = windowIndexAt(limit, now) ?? 'current';
        return { counter, limit, windowIndex, used: isOpen ? used : 0, reserved: isOpen ? reserved : 0 };
      }),
    );
  }
}

/** As `ResilientExtensions` names its attempt. */
function isExtension({ intent, operation, hold }: SettleRequest): boolean {
  return intent === 'hold' && operation.attempt === `e${hold!.takenAt.toString(36)}`;
}

const ENDED: Readonly<Record<string, 'ended' | 'ended-otherwise' | 'extended' | 'refused'>> = {
  committed: 'ended',
  released: 'ended',
  expired: 'ended',
  ended: 'ended-otherwise',
  taken: 'extended',
  refused: 'refused',
};

const SETTLED: Readonly<Record<string, SettleResult['outcome']>> = {
  counted: 'counted',
  committed: 'counted',
  'already-counted': 'already-counted',
  late: 'late',
  reversed: 'reversed',
  released: 'reversed',
  refunded: 'reversed',
};

function stored(
  { takenAt: at, amounts, committed }: Named,
  { state, expiresAt, onExpiry, isLate: late, until }: Remembered,
): StoredReservation {
  const kept =
    state === 'expired' && onExpiry === 'commit' ? amounts : state === 'committed' ? committed : undefined;
  return {
    ...{ state: state as StoredReservation['state'], at, expiresAt, onExpiry, amounts, late, until },
    ...(kept && { committed: kept }),
  };
}

function unitsIn({ amount, amounts }: { readonly amount?: number; readonly amounts?: Amounts }): Amounts {
  return { ...(amount !== undefined && { units: amount }), ...amounts };
}
