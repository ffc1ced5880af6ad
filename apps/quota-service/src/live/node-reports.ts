import { Inject, Injectable } from '@nestjs/common';
import type { ListedNode, LiveNodes } from '@sundial/embedded';
import { LiveRules, QuotaEngine } from '@sundial/engine';
import { VERSION } from '../admin/version.js';
import { AlarmLedger } from '../alarms/alarm-ledger.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LIVE_NODES } from '../engine/tokens.js';
import { decodeReport, encodeReport, shownAlarms, type NodeReport } from './node-report.js';
import { OwnNumbers } from './own-numbers.js';

/** A node as another one knows it. */
export interface ReportingNode {
  readonly id: string;
  readonly heardMsAgo: number;
  readonly rulesVersion: number;
  /** Null: it says nothing of itself, or is of another version. */
  readonly report: NodeReport | null;
}

interface KnownNodes {
  readonly nodes: readonly ListedNode[];
  readonly readAt: number;
}

/** What this node says of itself, and what it knows of the others. */
@Injectable()
export class NodeReports {
  #own: NodeReport | undefined;
  #known: KnownNodes = { nodes: [], readAt: 0 };
  #reading: Promise<void> | undefined;

  constructor(
    private readonly numbers: OwnNumbers,
    private readonly engine: QuotaEngine,
    private readonly rules: LiveRules,
    private readonly alarms: AlarmLedger,
    @Inject(LIVE_NODES) private readonly nodes: LiveNodes,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  get id(): string {
    return this.nodes.id;
  }

  /** Says what this node is like now, to all nodes of its store. */
  async tell(): Promise<void> {
    this.#own = await this.#ownReport();
    this.nodes.describe(encodeReport(this.#own));
  }

  /** Reads what the others say; resolves also where the store does not answer, and what was known holds on. */
  read(): Promise<void> {
    this.#reading ??= this.#read()
      .catch(() => undefined)
      .finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** This node first, then the others that are known. */
  all(): { readonly nodes: readonly ReportingNode[]; readonly readMsAgo: number } {
    const now = this.#now();
    const own = {
      id: this.id,
      heardMsAgo: 0,
      rulesVersion: this.rules.current.version,
      report: this.#own ?? null,
    };
    const others = this.#known.nodes
      .filter(({ id }) => id !== this.id)
      .map(({ id, seenAt, applied, record }) => ({
        id,
        heardMsAgo: Math.max(0, now - seenAt),
        rulesVersion: applied,
        report: (record !== undefined && decodeReport(record)) || null,
      }));
    return { nodes: [own, ...others], readMsAgo: Math.max(0, now - this.#known.readAt) };
  }

  async #read(): Promise<void> {
    const nodes = await this.nodes.list(this.#now());
    this.#known = { nodes, readAt: this.#now() };
  }

  /** The store's clock, without what tests add to it. */
  #now(): number {
    return Math.round(this.engine.now() - this.settings.clockOffsetMs);
  }

  async #ownReport(): Promise<NodeReport> {
    const { store: kind, mode, cause, pending } = this.engine.status();
    return {
      name: this.settings.nodeName,
      version: VERSION,
      startedAt: STARTED_AT,
      store: { kind, mode, cause, pending },
      rulesVersion: this.rules.current.version,
      ...(await this.numbers.read()),
      alarms: shownAlarms(this.alarms.active),
    };
  }
}

const STARTED_AT = new Date(Date.now() - process.uptime() * 1_000).toISOString();
