import { QuotaError, type DegradedCause, type QuotaErrorCode, type Rule } from '@sundial/contract';
import {
  EngineOverrides,
  LiveRules,
  type QuotaEngine,
  RuleBook,
  type Store,
  type StoreMode,
} from '@sundial/engine';
import type { OverrideKeeper } from '@sundial/engine/ports';
import type { Journal } from '@sundial/resilience';
import { engineOn } from '../../support/engine-on.js';
import type { AdminWrite, WriteAnswer } from './admin/admin-write.js';
import type { Answer } from './history.js';
import type { ChaosNode, NodeStatus } from './node.js';
import { answered, type Ending, type EndingAnswer } from './reservations/ending.js';
import { requestOf, type Operation } from './workload.js';

const CONFLICT = 409;
/** As the service answers them. */
const STATUSES: Partial<Record<QuotaErrorCode, number>> = {
  'reservation-not-found': 404,
  'operation-not-found': 404,
  'override-not-found': 404,
  'pack-not-found': 404,
  'store-unavailable': 503,
  overloaded: 503,
};

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
  readonly #overrides: EngineOverrides;
  readonly modes: ModeChange[] = [];

  constructor(
    readonly name: string,
    store: Store & { readonly overrides?: OverrideKeeper },
    rules: readonly Rule[],
    share = { live: 1, rank: 0 },
    journal?: Journal,
  ) {
    const live = new LiveRules(new RuleBook(1, rules));
    this.#overrides = new EngineOverrides({
      rules: live,
      keeper: store.overrides!,
      now: () => store.now(),
    });
    this.engine = engineOn({
      store,
      rules: live,
      nodes: () => share,
      journal,
      observer: { modeChanged: (mode, cause) => this.modes.push({ mode, cause, at: performance.now() }) },
    });
  }

  async check(operation: Operation): Promise<Answer> {
    try {
      const request = requestOf(operation);
      const decision = await (operation.hold ? this.engine.reserve(request) : this.engine.check(request));
      return { kind: 'decided', decision };
    } catch (error) {
      return failureOf(error);
    }
  }

  async end(ending: Ending): Promise<EndingAnswer> {
    try {
      return answered(ending, await this.#end(ending));
    } catch (error) {
      return failureOf(error);
    }
  }

  async write(write: AdminWrite): Promise<WriteAnswer> {
    try {
      return await this.#write(write);
    } catch (error) {
      return failureOf(error);
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

  async #write(write: AdminWrite): Promise<WriteAnswer> {
    switch (write.verb) {
      case 'add-pack':
        return { kind: 'done', pack: (await this.engine.packs.add(write.body)).pack };
      case 'cancel-pack': {
        const { id, resource, subject } = write;
        return { kind: 'done', pack: await this.engine.packs.cancel(id, { resource, subject }) };
      }
      case 'set-override':
        await this.#overrides.set(write.body);
        return { kind: 'done' };
      case 'remove-override':
        await this.#overrides.remove(write.rule, write.subject);
        return { kind: 'done' };
      default:
        return write satisfies never;
    }
  }

  #end(ending: Ending): Promise<unknown> {
    switch (ending.verb) {
      case 'commit':
        return this.engine.commit(ending.id, ending.body);
      case 'release':
        return this.engine.release(ending.id);
      case 'extend':
        return this.engine.extend(ending.id, ending.body);
      case 'refund':
        return this.engine.refund(ending.body);
      default:
        return ending satisfies never;
    }
  }
}

function failureOf(error: unknown) {
  if (!(error instanceof QuotaError)) return { kind: 'unanswered', why: String(error) } as const;
  const { code, members } = error;
  return { kind: 'failed', status: STATUSES[code] ?? CONFLICT, code, state: members.state } as const;
}
