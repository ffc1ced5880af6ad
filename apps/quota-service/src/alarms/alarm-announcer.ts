import type { Alarm } from './alarm.js';
import type { AlarmLedger } from './alarm-ledger.js';
import type { AlarmMetrics } from './alarm-metrics.js';
import type { Log } from '../logging/log.js';
import type { Notice } from './watch.js';
import type { Webhook } from './webhook/webhook.js';

/** What a webhook receives. */
interface AlarmEvent {
  readonly event: Notice['kind'];
  /** Which node it happened on. */
  readonly node: string;
  readonly alarm: Alarm;
}

/** Brings every notice where operators look: the ledger, the log, the metrics and the webhook. Never waits. */
export class AlarmAnnouncer {
  constructor(
    private readonly node: string,
    private readonly to: {
      readonly ledger: AlarmLedger;
      readonly log: Log;
      readonly metrics: AlarmMetrics;
      readonly webhook: Webhook | null;
    },
  ) {}

  announce(notice: Notice): void {
    const { ledger, log, metrics, webhook } = this.to;
    const alarm = ledger.record(notice, new Date());
    switch (notice.kind) {
      case 'raised':
        metrics.raised(alarm);
        log[alarm.class === 'alarm' ? 'error' : 'warn']({ alarm }, `alarm raised: ${alarm.summary}`);
        break;
      case 'cleared':
        log.info({ alarm }, `alarm over: ${alarm.summary}`);
        break;
      default:
        notice.kind satisfies never;
    }
    webhook?.push({ event: notice.kind, node: this.node, alarm } satisfies AlarmEvent);
  }
}
