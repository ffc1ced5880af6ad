import { QuotaError, type DegradedCause, type Rule } from '@sundial/contract';
import { LiveRules, type QuotaEngine, RuleBook, type Store, type StoreMode } from '@sundial/engine';
import { engineOn } from '../../support/engine-on.js';
import type { Answer } from './history.js';
import type { ChaosNode, NodeStatus } from './node.js';
import type { Operation } from './workload.js';

const CONFLICT = 409;

/** When the engine began to decide without the store, or with it again. Monotonic. */
export interface ModeChange {
  readonly mode: StoreMode;
  readonly cause: DegradedCause | null;
  readonly at: number;
}

/** An engine in this process, on any store. No fault is injected into the node itself. */
export class EngineNode implements ChaosNode {
  /** It is the caller's own process, whose CPU steal is subtracted anyway. */
  readonly steal = [];
  readonly engine: QuotaEngine;
  readonly modes: ModeChange[] = [];

  constructor(
    readonly name: string,
    store: Store,
    rules: readonly Rule[],
    share = { live: 1, rank: 0 },
  ) {
    this.engine = engineOn({
      store,
      rules: new LiveRules(new RuleBook(1, rules)),
      nodes: () => share,
      observer: { modeChanged: (mode, cause) => this.modes.push({ mode, cause, at: performance.now() }) },
    });
  }

  async check(operation: Operation): Promise<Answer> {
    try {
      return { kind: 'decided', decision: await this.engine.check(operation) };
    } catch (error) {
      if (error instanceof QuotaError) return { kind: 'failed', status: CONFLICT };
      return { kind: 'unanswered', why: String(error) };
    }
  }

  status(): Promise<NodeStatus> {
    const { mode, pending, lost } = this.engine.status();
    const { toReplay, replayed, uncertainIntervals } = this.engine.journal();
    return Promise.resolve({
      mode,
      pending: pending,
      lost,
      toReplay: toReplay,
      replayed: replayed.counted + replayed.reversed,
      uncertain: uncertainIntervals.reduce((sum, { operations }) => sum + operations, 0),
    });
  }

  wasDisturbed(): boolean {
    return false;
  }

  mayHaveForgotten(): boolean {
    return false;
  }

  stop(): Promise<void> {
    return this.engine.close();
  }
}
