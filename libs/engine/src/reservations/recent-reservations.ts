import type { ReservationFacts } from './reservation-id.js';

/** Kept at most, the latest; some 800 bytes each. */
const MAX_RECENT = 4_096;

/**
 * What the ids say that this process has made lately: most reservations end soon, on the node that took them, and their ids need not
 * be read then. An id is taken out when it is asked for; another time it is read, as it is on other nodes.
 */
export class RecentReservations {
  #latest = new Map<string, ReservationFacts>();
  #earlier = new Map<string, ReservationFacts>();

  /** The caller's own subject may change: what is kept does not. */
  note(id: string, facts: ReservationFacts): void {
    if (this.#latest.size >= MAX_RECENT / 2) {
      this.#earlier = this.#latest;
      this.#latest = new Map();
    }
    this.#latest.set(id, { ...facts, subject: { ...facts.subject } });
  }

  take(id: string): ReservationFacts | undefined {
    for (const kept of [this.#latest, this.#earlier]) {
      const facts = kept.get(id);
      if (facts === undefined) continue;
      kept.delete(id);
      return facts;
    }
    return undefined;
  }
}
