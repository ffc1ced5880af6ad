import { REMEMBER_MS, type PlannedEnding, type StoredReservation } from '@sundial/engine/ports';

/** Kept at most, and at least half as many, the latest; about 500 bytes each. */
const MAX_KNOWN = 8_192;

/**
 * Reservations that this node has answered to be ended or extended: what their ids do not say. While the store is away, an ending
 * that is repeated here is answered as it was, and an extension is known. Another node knows the id alone.
 */
export class KnownReservations {
  #latest = new Map<string, Known>();
  #earlier = new Map<string, Known>();

  /** The oldest are forgotten all at once: a map whose first entries are removed one by one passes over them each time. */
  note(operationId: string, reservation: StoredReservation, now: number): void {
    if (this.#latest.size >= MAX_KNOWN / 2) {
      this.#earlier = this.#latest;
      this.#latest = new Map();
    }
    this.#latest.set(operationId, { reservation, until: Math.max(reservation.until, now + REMEMBER_MS) });
  }

  /** The one that is meant, while a store would remember it. One that a node has decided may be known by another attempt. */
  find({ operation, terms, isDegraded }: PlannedEnding, now: number): StoredReservation | undefined {
    const known = this.latest(operation.id, now);
    return isDegraded || known?.at === terms.at ? known : undefined;
  }

  /** The latest under an operation's id. */
  latest(operationId: string, now: number): StoredReservation | undefined {
    const known = this.#latest.get(operationId) ?? this.#earlier.get(operationId);
    return known !== undefined && known.until > now ? known.reservation : undefined;
  }
}

interface Known {
  readonly reservation: StoredReservation;
  readonly until: number;
}
