/** What takes of a memory that all actors share. */
export interface Share {
  readonly actor: string;
  readonly bytes: number;
}

/**
 * Who holds how much of a bounded memory, and who gives way where the next one does not fit: the actor that has most, with
 * the oldest of what he has. So no actor loses anything to another one that has more.
 */
export class ActorShares<T extends Share> {
  readonly #byActor = new Map<string, Shares<T>>();
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(share: T): void {
    const { actor, bytes } = share;
    const shares = this.#byActor.get(actor) ?? { bytes: 0, all: new Set() };
    this.#byActor.set(actor, shares);
    shares.all.add(share);
    shares.bytes += bytes;
    this.#bytes += bytes;
  }

  /** Whether it was there. */
  remove(share: T): boolean {
    const shares = this.#byActor.get(share.actor);
    if (!shares?.all.delete(share)) return false;
    shares.bytes -= share.bytes;
    if (shares.all.size === 0) this.#byActor.delete(share.actor);
    this.#bytes -= share.bytes;
    return true;
  }

  /**
   * What gives way to the next one, which the caller removes before it asks again. Undefined: it fits, or has to be let in
   * all the same, since with it its actor has most, and has nothing else.
   */
  givingWayTo({ actor, bytes }: Share): T | undefined {
    if (this.#bytes + bytes <= this.maxBytes) return undefined;
    let largest = this.#byActor.get(actor);
    let most = (largest?.bytes ?? 0) + bytes;
    for (const shares of this.#byActor.values()) {
      if (shares.bytes > most) [largest, most] = [shares, shares.bytes];
    }
    const [oldest] = largest?.all ?? [];
    return oldest;
  }
}

interface Shares<T> {
  bytes: number;
  /** The oldest first. */
  readonly all: Set<T>;
}
