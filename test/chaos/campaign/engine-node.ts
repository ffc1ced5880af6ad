import { QuotaError } from '@sundial/contract';
import { LiveRules, type QuotaEngine, RuleBook, type Store } from '@sundial/engine';
import type { Answer } from './history.js';
import type { Operation } from './load.js';
import type { CampaignNode, Standing } from './node.js';
import { RULES } from './rules.js';
import { engineOn } from '../../support/engine-on.js';

const CONFLICT = 409;

/** An engine in this process, on any store: for campaigns that test the campaign. Nothing is done to itself. */
export class EngineNode implements CampaignNode {
  /** It is the caller's own process. */
  readonly stolen = [];
  readonly #engine: QuotaEngine;

  constructor(
    readonly name: string,
    store: Store,
    share: { readonly live: number; readonly rank: number },
  ) {
    this.#engine = engineOn({
      store,
      rules: new LiveRules(new RuleBook(1, RULES)),
      nodes: () => share,
    });
  }

  async check(operation: Operation): Promise<Answer> {
    try {
      return { kind: 'decided', decision: await this.#engine.check(operation) };
    } catch (error) {
      if (error instanceof QuotaError) return { kind: 'failed', status: CONFLICT };
      return { kind: 'unanswered', why: String(error) };
    }
  }

  standing(): Promise<Standing> {
    const { mode, owed, lost } = this.#engine.status();
    const { toReassert, reasserted, unverifiable } = this.#engine.journal();
    return Promise.resolve({
      mode,
      owed,
      lost,
      toReassert,
      toldAgain: reasserted.counted + reasserted.reversed,
      unverifiable: unverifiable.reduce((sum, { operations }) => sum + operations, 0),
    });
  }

  wasStruck(): boolean {
    return false;
  }

  mayHaveForgotten(): boolean {
    return false;
  }

  stop(): Promise<void> {
    return this.#engine.close();
  }
}
