/** About 100 bytes each. When there are more, the oldest is forgotten: its cookie ends by its times alone. */
const MAX_ENDED = 10_000;

/** Sessions that were ended here, in case their cookies come once more. */
export class EndedSessions {
  readonly #ids = new Set<string>();

  add(id: string): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_ENDED && oldest !== undefined) this.#ids.delete(oldest);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
