import { isAtRest, type ChaosNode } from './node.js';

const READ_EVERY_MS = 50;
/** A node is exact again when it was exact for this long: one late answer of a busy machine later on is another matter. */
const CALM_MS = 250;

interface Reading {
  readonly at: number;
  readonly isAtRest: boolean;
  readonly isReplaying: boolean;
}

/** Polls the nodes: when did they decide without the store, or have something to settle or to replay? */
export class Recovery {
  readonly #readings: Reading[] = [];
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;

  constructor(private readonly nodes: readonly ChaosNode[]) {
    this.#timer = setInterval(() => void this.#look(), READ_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * From the end of a fault until every answer was exact and everything was settled, for a quarter of a second, and until
   * everything was replayed to a store that had lost it. `until`: what happened later has other reasons.
   */
  from(endedAt: number, degradedAt: readonly number[], until = Infinity): number {
    const readings = this.#readings.filter(({ at }) => at > endedAt && at <= until);
    const unrest = [...readings.filter((reading) => !reading.isAtRest).map(({ at }) => at), ...degradedAt]
      .filter((at) => at > endedAt && at <= until)
      .sort((a, b) => a - b);
    let calmSince = endedAt;
    for (const at of unrest) if (at - calmSince <= CALM_MS) calmSince = at;
    const replayedAt = readings.findLast(({ isReplaying }) => isReplaying)?.at ?? endedAt;
    return Math.max(calmSince, replayedAt) - endedAt;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const statuses = await Promise.all(this.nodes.map((node) => node.status()));
    this.#isLooking = false;
    this.#readings.push({
      at: performance.now(),
      isAtRest: statuses.every(isAtRest),
      isReplaying: statuses.some((status) => (status?.toReplay ?? 0) > 0),
    });
  }
}
