import { Inject, Injectable } from '@nestjs/common';
import type { LiveNodes } from '@sundial/embedded';
import { QuotaEngine } from '@sundial/engine';
import type { Ledger, LedgerQuestions } from '@sundial/ledger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LIVE_NODES } from '../engine/tokens.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';
import { decodeReport, type NodeReport } from '../live/node-report.js';

/** More wait while the ledger is behind. */
const MAX_QUEUED = 5_000;
/** Nothing that lies further back is compared. */
const LOOK_BACK_MS = 26 * 3_600_000;
/** What a node that is gone had not written may be so much younger than what it wrote last. */
const UNWRITTEN_MS = 60_000;
const GAPS = 1_000;

/** Whether the ledger has what all nodes count, and since when, as this node has seen it since it began to look. */
@Injectable()
export class LedgerCoverage {
  #since: number | undefined;

  constructor(
    private readonly node: NodeLedger,
    private readonly engine: QuotaEngine,
    @Inject(LIVE_NODES) private readonly nodes: LiveNodes,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** By the store's clock. Undefined: it cannot be said now. */
  async since(): Promise<number | undefined> {
    const { ledger } = this.node;
    if (ledger === undefined || !this.#isUpToDate(ledger)) return undefined;
    const now = Math.round(this.engine.now());
    const reports = await this.#reports(now);
    const goneAt = await this.#goneAt(ledger, reports);
    if (goneAt === undefined) {
      this.#since = undefined;
      return undefined;
    }
    this.#since ??= now;
    if (reports.some((report) => report !== undefined && !isExact(report.store))) return undefined;
    return Math.max(this.#since, goneAt, await missingUntil(ledger.questions, now - LOOK_BACK_MS));
  }

  /** Another node looks: what happens meanwhile is not seen here. */
  forget(): void {
    this.#since = undefined;
  }

  #isUpToDate(ledger: Ledger): boolean {
    const { lastError, queued } = ledger.status();
    return lastError === undefined && queued < MAX_QUEUED && isExact(this.engine.status());
  }

  /** Of all nodes that count in the store; undefined for one that says nothing of itself. */
  async #reports(now: number): Promise<readonly (NodeReport | undefined)[] | readonly Alone[]> {
    const { redis, nodeName, clockOffsetMs } = this.settings;
    if (!redis) return [{ name: nodeName, store: { mode: 'exact', pending: 0 } }];
    const listed = await this.nodes.list(now - clockOffsetMs);
    return listed.map(({ record }) => (record === undefined ? undefined : decodeReport(record)));
  }

  /** Until when events of nodes that ended without a word may be missing; undefined where a node counts and does not write to this ledger. */
  async #goneAt(
    ledger: Ledger,
    reports: readonly (Pick<NodeReport, 'name'> | undefined)[],
  ): Promise<number | undefined> {
    const names = reports.map((report) => report?.name);
    const writers = await ledger.questions.writers();
    const writing = new Set(writers.flatMap(({ node, hasEnded }) => (hasEnded ? [] : [node])));
    const isOwn = ledger.status().covers === 'this node';
    if (
      isOwn
        ? names.length !== 1 || names[0] !== this.settings.nodeName
        : !names.every((name) => writing.has(name!))
    )
      return undefined;
    const gone = writers.filter(({ node, hasEnded }) => !hasEnded && !names.includes(node));
    return Math.max(
      0,
      ...gone.map(({ flushedAt }) => flushedAt + UNWRITTEN_MS + this.settings.clockOffsetMs),
    );
  }
}

interface Alone {
  readonly name: string;
  readonly store: { readonly mode: 'exact'; readonly pending: 0 };
}

/** What is decided without the store is in counters later than in events. */
function isExact({ mode, pending }: { readonly mode: string; readonly pending: number }): boolean {
  return mode === 'exact' && pending === 0;
}

/** Until when events are missing, were deleted, or are of other rules. */
async function missingUntil(questions: LedgerQuestions, from: number): Promise<number> {
  const gaps = await questions.events({ kinds: ['gap'], from }, { limit: GAPS });
  const changes = await Promise.all(
    ['subject-data-deleted', 'rules-replaced'].map((action) =>
      questions.audit({ action, from }, { limit: 1 }),
    ),
  );
  return Math.max(
    0,
    ...gaps.rows.map(({ at, data }) => data?.to ?? at),
    ...changes.flatMap(({ rows }) => rows.map(({ at }) => at + UNWRITTEN_MS)),
  );
}
