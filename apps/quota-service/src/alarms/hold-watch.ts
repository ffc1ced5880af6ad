import type {
  CheckRequest,
  Decision,
  Reservation,
  ReservationAnswer,
  ReserveDecision,
} from '@sundial/contract';
import type { AskedEnding, QuotaObserver } from '@sundial/engine';

/** Holds of this node that have not ended; of further ones only late endings tell that they expired. */
const MAX_WATCHED = 10_000;
/** What ends a hold within this after its expiry tells of it itself. */
const LOOK_AFTER_MS = 1_000;
/** Each is one question to the store. */
const MAX_LOOKS_AT_ONCE = 20;

/** What tells whether a hold has expired. */
export interface HeldBy {
  reservation(id: string): Promise<ReservationAnswer>;
}

/**
 * Sees that holds expired which no call looks at: the node that made one looks at it once when its time is over, unless it saw it end. One that
 * `onExpiry` commits then cannot be distinguished from one that another node committed, and is not looked at.
 */
export class HoldWatch implements QuotaObserver {
  /** When they expire, by their ids. */
  readonly #holds = new Map<string, number>();
  /** The store's clock, when it was looked at last. */
  #now = 0;
  #isLooking = false;

  constructor(private readonly expired: (reservation: Reservation) => void) {}

  decided(request: CheckRequest, decision: Decision & { readonly reservation?: Reservation | null }): void {
    const { reservation } = decision;
    if (!reservation || reservation.state !== 'held') return;
    if ((request as { readonly onExpiry?: string }).onExpiry !== 'commit') this.#watch(reservation);
  }

  extended(_request: unknown, { reservation }: ReserveDecision): void {
    if (reservation && this.#holds.has(reservation.id)) this.#watch(reservation);
  }

  ended(_asked: AskedEnding, { reservation }: ReservationAnswer): void {
    const { id, late, state, expiresAt } = reservation;
    const wasWatched = this.#holds.delete(id);
    const isLate = late === true || state === 'expired';
    if (isLate && (wasWatched || Date.parse(expiresAt) + LOOK_AFTER_MS > this.#now))
      this.expired(reservation);
  }

  /** Looks at some of those whose time is over. `now`: the store's clock. */
  async look(store: HeldBy, now: number): Promise<void> {
    this.#now = now;
    if (this.#isLooking || this.#holds.size === 0) return;
    this.#isLooking = true;
    const due: string[] = [];
    for (const [id, expiresAt] of this.#holds) {
      if (expiresAt + LOOK_AFTER_MS <= now) due.push(id);
      if (due.length === MAX_LOOKS_AT_ONCE) break;
    }
    for (const id of due) this.#holds.delete(id);
    await Promise.all(due.map((id) => this.#lookAt(store, id)));
    this.#isLooking = false;
  }

  async #lookAt(store: HeldBy, id: string): Promise<void> {
    try {
      const { reservation, degraded } = await store.reservation(id);
      if (degraded === null && reservation.state === 'expired') this.expired(reservation);
    } catch {
      // It is not remembered, or the store is away: it is not known what became of it.
    }
  }

  #watch({ id, expiresAt }: Reservation): void {
    if (this.#holds.size >= MAX_WATCHED && !this.#holds.has(id)) return;
    this.#holds.set(id, Date.parse(expiresAt));
  }
}
