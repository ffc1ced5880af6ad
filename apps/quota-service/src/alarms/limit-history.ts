import type { LimitState, RuleBook } from '@sundial/engine';

/**
 * Since when each limit has been as strict as it is, as far as this node has seen it change. A counter that is above
 * a `max` which was lowered, or not enforced, when its window began is nobody's mistake: editing keeps what was counted.
 */
export class LimitHistory {
  #book: RuleBook | undefined;
  /** Rule and window → when it became stricter; only limits of the current rules. */
  #tightenedAt = new Map<string, number>();

  /** To be called with the book in force, often; it is compared when it is another one. */
  follow(book: RuleBook, now: number): void {
    const before = this.#book;
    if (book === before) return;
    this.#book = book;
    if (!before) return;
    const limits = book.rules.flatMap((rule) => rule.limits.map((limit) => ({ rule, limit })));
    const tightened = limits.map(({ rule, limit }): [string, number | undefined] => {
      const old = before.byId(rule.id);
      const oldMax = old?.limits.find(({ window }) => window === limit.window)?.max;
      const wasAsStrict = old?.mode === 'enforce' && oldMax !== undefined && oldMax <= limit.max;
      const name = nameOf(rule.id, limit.window);
      return [name, wasAsStrict ? this.#tightenedAt.get(name) : now];
    });
    this.#tightenedAt = new Map(
      tightened.filter((entry): entry is [string, number] => entry[1] !== undefined),
    );
  }

  /** Whether the limit was as strict as it is throughout its window. */
  holdsSinceItsStart({ rule, window, startsAt }: LimitState): boolean {
    const tightenedAt = this.#tightenedAt.get(nameOf(rule, window));
    return tightenedAt === undefined || tightenedAt < Date.parse(startsAt);
  }
}

function nameOf(rule: string, window: string): string {
  return `${rule} ${window}`;
}
