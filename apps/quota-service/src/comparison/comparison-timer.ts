import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LiveRules, QuotaEngine } from '@sundial/engine';
import { AlarmStore } from '@sundial/ledger';
import { randomUUID } from 'node:crypto';
import { AlarmObserver } from '../alarms/alarm-observer.js';
import type { AlarmPattern } from '../alarms/patterns/alarm-pattern.js';
import { ALARM_PATTERNS } from '../alarms/tokens.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';
import { LOG, type Log } from '../logging/log.js';
import { type ComparedWindows, LedgerComparison } from './ledger-comparison.js';
import { LedgerCoverage } from './ledger-coverage.js';

/** Rounds are so many intervals of the alarms apart. */
const INTERVALS = 20;
/** A node that has not renewed its lease for so many rounds is replaced. */
const PATIENCE = 3;

/** Compares counters with the ledger now and then, on one node at a time where the nodes share one. Nothing waits for it, and it needs no answer. */
@Injectable()
export class ComparisonTimer implements OnModuleInit, OnApplicationShutdown {
  readonly #holder = randomUUID();
  readonly #comparison: LedgerComparison;
  readonly #everyMs: number;
  #store: AlarmStore | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isFailing = false;

  constructor(
    private readonly coverage: LedgerCoverage,
    private readonly node: NodeLedger,
    private readonly engine: QuotaEngine,
    private readonly observer: AlarmObserver,
    rules: LiveRules,
    @Inject(ALARM_PATTERNS) private readonly patterns: readonly AlarmPattern[],
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.#everyMs = INTERVALS * settings.alarmIntervalMs;
    this.#comparison = new LedgerComparison({
      get questions() {
        return node.questions;
      },
      usage: (request) => engine.usage(request),
      rulesOf: (resource) => rules.current.forResource(resource),
      countedBy: (rule) => rules.current.byId(rule)?.per,
    });
  }

  get windows(): ComparedWindows {
    return this.#comparison.windows;
  }

  onModuleInit(): void {
    const isWatched = this.patterns.some(({ kind }) => kind === 'ledger-mismatch');
    if (this.node.isOn && isWatched) this.#timer = setInterval(() => void this.#run(), this.#everyMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#isRunning || this.node.ledger === undefined) return;
    this.#isRunning = true;
    try {
      await this.#round();
      this.#isFailing = false;
    } catch (error) {
      this.#comparison.forget();
      if (!this.#isFailing) this.log.warn({ err: error }, 'counters cannot be compared with the ledger now');
      this.#isFailing = true;
    }
    this.#isRunning = false;
  }

  async #round(): Promise<void> {
    if (!(await this.#isMine())) {
      this.coverage.forget();
      return this.#comparison.forget();
    }
    const since = await this.coverage.since();
    if (since === undefined) return this.#comparison.forget();
    for (const difference of await this.#comparison.round(this.engine.now(), since)) {
      this.log.warn({ difference }, 'a counter has another number than its events in the ledger');
      this.observer.ledgerMismatched(difference);
    }
  }

  async #isMine(): Promise<boolean> {
    if (this.settings.ledger?.url === undefined) return true;
    this.#store ??= new AlarmStore(this.node.database);
    const { isMine } = await this.#store.lease('comparison', this.#holder, PATIENCE * this.#everyMs);
    return isMine;
  }
}
