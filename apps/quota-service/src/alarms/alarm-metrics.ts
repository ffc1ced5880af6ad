import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { WEBHOOK_OUTCOMES, type Webhook } from '../webhooks/webhook.js';
import type { Alarm } from './alarm.js';
import { AlarmLedger } from './alarm-ledger.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';
import { ALARM_PATTERNS, ALARM_WEBHOOK } from './tokens.js';

/** Alarms for Prometheus. Every series is there from the start, so that its first increase is seen as one. */
@Injectable()
export class AlarmMetrics {
  readonly #raised: Counter<'pattern' | 'class'>;

  constructor(
    registry: Registry,
    ledger: AlarmLedger,
    @Inject(ALARM_PATTERNS) patterns: readonly AlarmPattern[],
    @Inject(ALARM_WEBHOOK) webhook: Webhook | null,
  ) {
    const registers = [registry];
    this.#raised = new Counter({
      name: 'sundial_alarms_total',
      help: 'Alarms raised, by pattern',
      labelNames: ['pattern', 'class'],
      registers,
    });
    for (const pattern of patterns) this.#raised.inc({ pattern: pattern.id, class: pattern.class }, 0);
    new Gauge({
      name: 'sundial_alarm_active',
      help: 'Alarms that are raised and not over, by pattern',
      labelNames: ['pattern'],
      registers,
      collect() {
        for (const { id } of patterns) this.set({ pattern: id }, 0);
        for (const { pattern } of ledger.active) this.inc({ pattern });
      },
    });
    new Counter({
      name: 'sundial_alarm_notifications_total',
      help: 'Notifications and attempts of the webhook, by outcome',
      labelNames: ['outcome'],
      registers,
      collect() {
        this.reset();
        for (const outcome of WEBHOOK_OUTCOMES) this.inc({ outcome }, webhook?.count(outcome) ?? 0);
      },
    });
    new Gauge({
      name: 'sundial_alarm_notifications_waiting',
      help: 'Notifications that have not been sent to the webhook yet',
      registers,
      collect() {
        this.set(webhook?.waiting ?? 0);
      },
    });
  }

  raised({ pattern, class: alarmClass }: Alarm): void {
    this.#raised.inc({ pattern, class: alarmClass });
  }
}
