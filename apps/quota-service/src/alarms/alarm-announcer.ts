import { Inject, Injectable } from '@nestjs/common';
import { hostname } from 'node:os';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import { LOG, type Log } from '../logging/log.js';
import type { Webhook } from '../webhooks/webhook.js';
import type { Alarm } from './alarm.js';
import { AlarmLedger } from './alarm-ledger.js';
import { AlarmMetrics } from './alarm-metrics.js';
import { ALARM_WEBHOOK } from './tokens.js';
import type { Notification } from './watch.js';

/** What a webhook receives. */
interface AlarmEvent {
  readonly event: Notification['kind'];
  /** Which node it happened on. */
  readonly node: string;
  readonly alarm: Alarm;
}

/** Brings every notification where operators look: the ledger, the log, the metrics and the webhook. Never waits. */
@Injectable()
export class AlarmAnnouncer {
  readonly #node: string;

  constructor(
    private readonly ledger: AlarmLedger,
    private readonly metrics: AlarmMetrics,
    @Inject(ALARM_WEBHOOK) private readonly webhook: Webhook | null,
    private readonly recorder: LedgerRecorder,
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) { port }: Settings,
  ) {
    this.#node = `${hostname()}:${port}`;
  }

  announce(notification: Notification): void {
    const { ledger, log, metrics, webhook } = this;
    const alarm = ledger.record(notification, new Date());
    switch (notification.kind) {
      case 'raised':
        metrics.raised(alarm);
        log[alarm.class === 'alarm' ? 'error' : 'warn']({ alarm }, `alarm raised: ${alarm.summary}`);
        break;
      case 'cleared':
        log.info({ alarm }, `alarm over: ${alarm.summary}`);
        break;
      default:
        notification.kind satisfies never;
    }
    this.#record(notification.kind, alarm);
    webhook?.push({ event: notification.kind, node: this.#node, alarm } satisfies AlarmEvent);
  }

  #record(
    outcome: Notification['kind'],
    { id, pattern, kind, class: alarmClass, channel, summary, evidence }: Alarm,
  ): void {
    this.recorder.record({
      ...{ kind: 'alarm', outcome },
      ...(channel && { resource: channel.resource }),
      data: { target: pattern, alarm: id, pattern: kind, class: alarmClass, summary, evidence },
    });
  }
}
