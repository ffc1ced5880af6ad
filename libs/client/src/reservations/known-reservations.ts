import type { Reservation } from '@sundial/contract';

/** Beyond it the one that was made first is forgotten. */
const MAX_KNOWN = 10_000;

/** What this client knows of the service's reservations, for the answers that no service gives. */
export class KnownReservations {
  readonly #known = new Map<string, Reservation>();

  remember(reservation: Reservation): Reservation {
    this.#known.set(reservation.id, reservation);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return reservation;
  }

  /** Of one that another process made only the id is known: the other texts are empty. */
  get(id: string): Reservation {
    const bare = {
      id,
      operationId: '',
      resource: '',
      subject: {},
      state: 'held',
      expiresAt: '',
      amounts: {},
    } as const;
    return this.#known.get(id) ?? bare;
  }
}
