import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { QuotaEngine } from '@sundial/engine';
import { performance } from 'node:perf_hooks';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { ProblemCode } from '../http/problems/problem.js';
import { Refusals } from '../http/refusals/refusals.js';
import { LOG, type Log } from '../logging/log.js';
import type { Webhook } from '../webhooks/webhook.js';
import { AlarmEvaluator } from './alarm-evaluator.js';
import { AlarmObserver } from './alarm-observer.js';
import { HoldWatch } from './hold-watch.js';
import { LocalAlarms } from './local-alarms.js';
import { VolumesOfLedger } from './volumes-of-ledger.js';
import { ALARM_WEBHOOK } from './tokens.js';

/** What only time changes is noticed within this: well below the second in which an operator has to know. */
const TICK_MS = 250;

/** 401 and 403, for the key. */
const REFUSED_KEYS: readonly ProblemCode[] = ['missing-key', 'wrong-key', 'key-not-allowed'];

/** The alarms' clock: a few times a second it hands over what was counted, reads the store's clock, and judges. */
@Injectable()
export class AlarmTicker implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #refusedKeys = 0;

  constructor(
    private readonly engine: QuotaEngine,
    private readonly observer: AlarmObserver,
    private readonly evaluator: AlarmEvaluator,
    private readonly local: LocalAlarms,
    private readonly holds: HoldWatch,
    private readonly volumes: VolumesOfLedger,
    private readonly refusals: Refusals,
    @Inject(ALARM_WEBHOOK) private readonly webhook: Webhook | null,
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  onApplicationShutdown(): void {
    const { webhook, log } = this;
    clearInterval(this.#timer);
    if (webhook && webhook.waiting > 0)
      log.warn({ notifications: webhook.waiting }, 'alarm notifications are not delivered');
    webhook?.close();
  }

  /** What is refused before any feature hears of it is read where it is counted. */
  #countRefusedKeys(): void {
    const { counts } = this.refusals;
    const seen = REFUSED_KEYS.reduce((sum, code) => sum + (counts.get(code) ?? 0), 0);
    if (seen > this.#refusedKeys) this.observer.keysRefused(seen - this.#refusedKeys);
    this.#refusedKeys = seen;
  }

  /** Of a node with files of its own; where nodes share a database, one of them reads for all. */
  async #readVolumes(): Promise<void> {
    const volumes = await this.volumes.read();
    for (const volume of volumes) this.evaluator.take(volume, performance.now());
  }

  #tick(): void {
    const { engine, observer, evaluator, settings } = this;
    const at = performance.now();
    observer.flush(at);
    this.#countRefusedKeys();
    // How far ahead the store's clock was set on purpose is no fault of it.
    const offsetMs = engine.status().clockOffsetMs - settings.clockOffsetMs;
    evaluator.take({ kind: 'clock-read', offsetMs }, at);
    evaluator.tick(at);
    this.local.tick();
    void this.holds.look(engine, engine.now());
    if (settings.ledger?.url === undefined) void this.#readVolumes();
  }
}
