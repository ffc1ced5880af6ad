import {
  type Amounts,
  type CommitRequest,
  type ExtendRequest,
  type OnExpiry,
  QuotaError,
  type Reservation,
  type ReservationState,
  type ReserveRequest,
} from '@sundial/contract';
import { amountsOf, type FakeCounters, keyOf } from './fake-counters.js';

const DEFAULT_TTL_MS = 60_000;
/** How long an ended reservation is known. */
const REMEMBER_MS = 15 * 60_000;

type Named = ReserveRequest & { readonly operationId: string };

/** A reservation, from its reserve until it is forgotten. */
interface Held {
  readonly id: string;
  readonly request: Named;
  readonly onExpiry: OnExpiry;
  amounts: Amounts;
  expiresAt: number;
  state: ReservationState;
  /** Undefined while it is held. */
  endedAt?: number;
  committed?: Amounts;
  late?: true;
}

/** Holds in memory, with the endings that a Sundial service has. */
export class FakeReservations {
  readonly #held = new Map<string, Held>();
  #made = 0;

  constructor(
    private readonly counters: FakeCounters,
    /** Epoch milliseconds. */
    private readonly now: () => number,
  ) {}

  /** Holds, whether there is room or not. */
  place(request: Named): Reservation {
    const { ttlMs = DEFAULT_TTL_MS, onExpiry = 'release' } = request;
    const held: Held = {
      id: `fake-reservation-${++this.#made}`,
      request,
      onExpiry,
      amounts: amountsOf(request),
      expiresAt: this.now() + ttlMs,
      state: 'held',
    };
    this.counters.add(request, held.amounts);
    this.#held.set(held.id, held);
    return shown(held);
  }

  /** The one with this operation id, as it stands; none where its units were given back, which frees the id. */
  under(request: Named): Reservation | undefined {
    this.settleDue();
    const key = keyOf(request, request.operationId);
    for (const held of this.#held.values()) {
      if (keyOf(held.request, held.request.operationId) !== key || isGivenBack(held)) continue;
      return shown(held);
    }
    return undefined;
  }

  find(id: string): Reservation {
    return shown(this.#known(id));
  }

  commit(id: string, { amount, amounts = {} }: CommitRequest): Reservation {
    const held = this.#known(id);
    if (held.state === 'committed') return shown(held);
    if (held.state === 'released') throw QuotaError.reservationEnded('released');
    const committed = { ...held.amounts, ...amounts, ...(amount !== undefined && { units: amount }) };
    if (!isGivenBack(held)) this.counters.remove(held.request, held.amounts);
    this.counters.add(held.request, committed);
    if (held.state === 'expired') held.late = true;
    this.#end(held, 'committed', this.now());
    held.committed = committed;
    return shown(held);
  }

  release(id: string): Reservation {
    const held = this.#known(id);
    if (isGivenBack(held)) return shown(held);
    if (held.state !== 'held') throw QuotaError.reservationEnded(held.state);
    this.counters.remove(held.request, held.amounts);
    this.#end(held, 'released', this.now());
    return shown(held);
  }

  /** What an extension adds, or nothing where it adds none. @throws QuotaError where the reservation has ended. */
  addedBy(id: string, { amount, amounts = {} }: ExtendRequest): ReserveRequest | undefined {
    const held = this.#known(id);
    if (held.state !== 'held') throw QuotaError.reservationEnded(held.state);
    const totals = { ...amounts, ...(amount !== undefined && { units: amount }) };
    const added: Record<string, number> = {};
    for (const [meter, total] of Object.entries(totals)) {
      const more = total - unitsOf(held.amounts, meter);
      if (more > 0) added[meter] = more;
    }
    if (Object.keys(added).length === 0) return undefined;
    const { units = 0, ...others } = added;
    const { resource, subject } = held.request;
    return { resource, subject, amount: units, amounts: others };
  }

  extend(id: string, added: ReserveRequest | undefined, { ttlMs }: ExtendRequest): Reservation {
    const held = this.#known(id);
    if (ttlMs !== undefined) held.expiresAt = Math.max(held.expiresAt, this.now() + ttlMs);
    if (added) {
      const more = amountsOf(added);
      this.counters.add(held.request, more);
      const totals: Record<string, number> = { ...held.amounts };
      for (const [meter, amount] of Object.entries(more)) totals[meter] = unitsOf(totals, meter) + amount;
      held.amounts = totals;
    }
    return shown(held);
  }

  /** Ends the holds whose time is over, as of that instant, and forgets what ended long ago. */
  settleDue(): void {
    const now = this.now();
    for (const held of this.#held.values()) {
      if (held.state === 'held' && held.expiresAt <= now) {
        if (held.onExpiry === 'release') this.counters.remove(held.request, held.amounts);
        this.#end(held, 'expired', held.expiresAt);
      }
      if (held.endedAt !== undefined && held.endedAt + REMEMBER_MS <= now) this.#held.delete(held.id);
    }
  }

  #known(id: string): Held {
    this.settleDue();
    const held = this.#held.get(id);
    if (held === undefined) throw QuotaError.reservationNotFound();
    return held;
  }

  #end(held: Held, state: ReservationState, at: number): void {
    held.state = state;
    held.endedAt = at;
  }
}

/** `constructor` is a meter's name like any other. */
export function unitsOf(amounts: Amounts, meter: string): number {
  return Object.hasOwn(amounts, meter) ? amounts[meter]! : 0;
}

function isGivenBack({ state, onExpiry }: Held): boolean {
  return state === 'released' || (state === 'expired' && onExpiry === 'release');
}

function shown({ id, request, state, expiresAt, amounts, committed, late }: Held): Reservation {
  const { operationId, resource, subject } = request;
  const overage = Object.fromEntries(
    Object.entries(committed ?? {})
      .map(([meter, amount]) => [meter, amount - unitsOf(amounts, meter)] as const)
      .filter(([, more]) => more > 0),
  );
  return {
    id,
    operationId,
    resource,
    subject,
    state,
    expiresAt: new Date(expiresAt).toISOString(),
    amounts,
    ...(committed && { committed }),
    ...(Object.keys(overage).length > 0 && { overage }),
    ...(late && { late }),
  };
}
