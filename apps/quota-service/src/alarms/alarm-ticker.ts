import type { QuotaEngine } from '@sundial/engine';
import { performance } from 'node:perf_hooks';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { AlarmBoard } from './alarm-board.js';
import type { AlarmObserver } from './alarm-observer.js';
import type { Log } from '../logging/log.js';
import type { Webhook } from './webhook/webhook.js';

/** What only time changes is noticed within this: well below the second in which an operator has to know. */
const TICK_MS = 250;

/** The alarms' clock: a few times a second it hands over what was counted, reads the store's clock, and judges. */
export class AlarmTicker implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: {
      readonly engine: Pick<QuotaEngine, 'status'>;
      readonly observer: AlarmObserver;
      readonly board: AlarmBoard;
      readonly webhook: Webhook | null;
      readonly log: Log;
      /** How far ahead the store's clock was set on purpose. */
      readonly clockOffsetMs: number;
    },
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  onApplicationShutdown(): void {
    const { webhook, log } = this.parts;
    clearInterval(this.#timer);
    if (webhook && webhook.waiting > 0)
      log.warn({ notices: webhook.waiting }, 'notices of alarms are not delivered');
    webhook?.close();
  }

  #tick(): void {
    const { engine, observer, board, clockOffsetMs } = this.parts;
    const at = performance.now();
    observer.flush(at);
    const offsetMs = engine.status().clockOffsetMs - clockOffsetMs;
    board.take({ kind: 'clock-read', offsetMs }, at);
    board.tick(at);
  }
}
