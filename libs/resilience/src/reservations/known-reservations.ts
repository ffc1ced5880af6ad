import { REMEMBER_MS, type PlannedEnding, type StoredReservation } from '@sundial/engine/ports';

/** Kept at most, the latest; about 500 bytes each. */
const MAX_KNOWN = 8_192;

/**
 * Reservations that this node has answered to be ended or extended: what their ids do not say. While the store is away, an ending
 * that is repeated here is answered as it was, and an extension is known. Another node knows the id alone.
 */
export class KnownReservations {
  readonly #kept = new Map<string, { readonly reservation: StoredReservation; readonly until: number }>();

  note(operationId: string, reservation: StoredReservation, now: number): void {
    this.#kept.delete(operationId);
    this.#kept.set(operationId, { reservation, until: Math.max(reservation.until, now + REMEMBER_MS) });
    if (this.#kept.size > MAX_KNOWN) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** The one that is meant, while a store would remember it. */
  find({ operation, terms }: PlannedEnding, now: number): StoredReservation | undefined {
    const known = this.latest(operation.id, now);
    return known?.at === terms.at ? known : undefined;
  }

  /** The latest under an operation's id. */
  latest(operationId: string, now: number): StoredReservation | undefined {
    const known = this.#kept.get(operationId);
    return known !== undefined && known.until > now ? known.reservation : undefined;
  }
}
