import type { AlarmStore, KeptTally } from '@sundial/ledger';
import { setImmediate as turn } from 'node:timers/promises';
import { AlarmEvaluator } from './alarm-evaluator.js';
import { Contributors } from './cluster/contributors.js';
import type { NodeTally } from './cluster/node-tally.js';
import { type SharedPattern, spanOf } from './cluster/shared-pattern.js';
import { signalsOf } from './cluster/signals-of-tallies.js';
import type { VolumeRead } from './volumes-of-ledger.js';
import type { Notification } from './watch.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Rows that are committed late are read again for so long. */
const LATE_MS = 5_000;

/**
 * The patterns, judged by what all nodes have written. Times are the database's. It begins with what is kept from the time that the patterns look
 * back on, so it knows what the one before it knew.
 */
export class TallyJudge {
  readonly #evaluator: AlarmEvaluator;
  readonly #contributors = new Contributors();
  #heard: Notification[] = [];
  /** Rows of the last seconds that were judged, and when they were written. */
  readonly #judged = new Map<string, number>();
  #readTo = 0;
  /** An evaluator's times never go back. */
  #at = 0;

  constructor(
    private readonly store: AlarmStore,
    private readonly patterns: readonly SharedPattern[],
  ) {
    // What is kept of the nodes is no day: `volume` with a `factor` is judged by the ledger alone.
    this.#evaluator = new AlarmEvaluator(
      patterns,
      (notification) => this.#heard.push(notification),
      Infinity,
    );
  }

  /** How far back the patterns look, and incidents last. */
  static memoryOf(patterns: readonly SharedPattern[]): number {
    return Math.max(...patterns.map((pattern) => spanOf(pattern) + pattern.clearAfterMs));
  }

  /** Judges what was written before; `renew` is called between its parts, and false ends it. */
  async catchUp(now: number, renew: () => Promise<boolean>): Promise<boolean> {
    const start = now - TallyJudge.memoryOf(this.patterns);
    for (let from = start; from < now; from += MINUTE_MS) {
      const to = Math.min(from + MINUTE_MS, now);
      await this.#judge(await this.store.tallies(from, to));
      this.#readTo = to;
      if (!(await renew())) return false;
    }
    this.#tick(now);
    return true;
  }

  /** Judges what was written since. */
  async goOn(now: number): Promise<void> {
    await this.#judge(await this.store.tallies(this.#readTo - LATE_MS, now + 1));
    this.#readTo = now;
    this.#tick(now);
    this.#contributors.forget(now - TallyJudge.memoryOf(this.patterns));
  }

  /** What the ledger has of the last hour. */
  take(volumes: readonly VolumeRead[]): void {
    for (const volume of volumes) this.#evaluator.take(volume, this.#at);
  }

  /** What has begun and ended since the last call, in order. */
  heard(): readonly Notification[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  contributorsTo({ pattern, channel }: Notification['incident']): readonly string[] {
    const isOthers = channel?.resource === '*';
    return this.#contributors.to(pattern as SharedPattern, isOthers ? null : channel, this.#at);
  }

  #tick(now: number): void {
    this.#at = Math.max(this.#at, now);
    this.#evaluator.tick(this.#at);
    for (const [key, at] of this.#judged) if (at < now - 2 * LATE_MS) this.#judged.delete(key);
  }

  async #judge(rows: readonly KeptTally[]): Promise<void> {
    const bySecond = new Map<number, KeptTally[]>();
    for (const row of rows) {
      if (this.#judged.has(keyOf(row))) continue;
      this.#judged.set(keyOf(row), row.at);
      const second = Math.floor(row.at / SECOND_MS);
      const together = bySecond.get(second);
      if (together) together.push(row);
      else bySecond.set(second, [row]);
    }
    for (const together of bySecond.values()) {
      this.#at = Math.max(this.#at, together.at(-1)!.at);
      const tallies = together.map((row) => {
        const tally = JSON.parse(row.tally) as NodeTally;
        this.#contributors.note(row.node, tally, this.#at);
        return tally;
      });
      for (const signal of signalsOf(tallies)) this.#evaluator.take(signal, this.#at);
      await turn();
    }
  }
}

function keyOf({ node, number }: KeptTally): string {
  return `${number} ${node}`;
}
