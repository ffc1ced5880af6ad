import { isAtRest, type CampaignNode } from './node.js';

const LOOK_EVERY_MS = 50;
/** Exact again is who was exact for this long: one late answer of a busy machine later on is another matter. */
const CALM_MS = 250;

interface Reading {
  readonly at: number;
  readonly isAtRest: boolean;
  readonly isReasserting: boolean;
}

/** Looks at the nodes again and again: when were they not exact, or owed something? */
export class Recovery {
  readonly #readings: Reading[] = [];
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;

  constructor(private readonly nodes: readonly CampaignNode[]) {
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * From the end of a fault until every answer was exact and every debt was paid, for a quarter of a second, and until
   * everything was told again to a store that had lost it. `until`: what happened later has other reasons.
   */
  from(endedAt: number, degradedAt: readonly number[], until = Infinity): number {
    const readings = this.#readings.filter(({ at }) => at > endedAt && at <= until);
    const unrest = [...readings.filter((reading) => !reading.isAtRest).map(({ at }) => at), ...degradedAt]
      .filter((at) => at > endedAt && at <= until)
      .sort((a, b) => a - b);
    let calmSince = endedAt;
    for (const at of unrest) if (at - calmSince <= CALM_MS) calmSince = at;
    const toldAt = readings.findLast(({ isReasserting }) => isReasserting)?.at ?? endedAt;
    return Math.max(calmSince, toldAt) - endedAt;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const standings = await Promise.all(this.nodes.map((node) => node.standing()));
    this.#isLooking = false;
    this.#readings.push({
      at: performance.now(),
      isAtRest: standings.every(isAtRest),
      isReasserting: standings.some((standing) => (standing?.toReassert ?? 0) > 0),
    });
  }
}
