import { Inject, Injectable } from '@nestjs/common';
import { hostname } from 'node:os';
import { SETTINGS, type Settings } from '../config/settings.js';
import { EventOutbox } from '../events/event-outbox.js';
import { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import { LOG, type Log } from '../logging/log.js';
import { AlarmMailer } from '../mail/alarm-mailer.js';
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
    private readonly outbox: EventOutbox,
    private readonly mailer: AlarmMailer,
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) { port }: Settings,
  ) {
    this.#node = `${hostname()}:${port}`;
  }

  announce(notification: Notification): void {
    void this.#tell(notification.kind, this.ledger.record(notification, new Date()));
  }

  /** An incident of all nodes, which one of them announces. Resolves once it has been sent wherever it is to be sent. */
  announceShared(kind: Notification['kind'], alarm: Alarm): Promise<void> {
    if (kind === 'raised') this.ledger.share(alarm);
    else this.ledger.endShared(alarm);
    return this.#tell(kind, alarm);
  }

  async #tell(kind: Notification['kind'], alarm: Alarm): Promise<void> {
    const { log, metrics, webhook } = this;
    switch (kind) {
      case 'raised':
        metrics.raised(alarm);
        log[alarm.class === 'alarm' ? 'error' : 'warn']({ alarm }, `alarm raised: ${alarm.summary}`);
        break;
      case 'cleared':
        log.info({ alarm }, `alarm over: ${alarm.summary}`);
        break;
      default:
        kind satisfies never;
    }
    this.#record(kind, alarm);
    const pushed = webhook?.push({ event: kind, node: this.#node, alarm } satisfies AlarmEvent);
    await Promise.all([pushed, this.#publish(kind, alarm), this.#mail(kind, alarm)]);
  }

  /** Of one alarm in order, on this node; another node's is another one. */
  #publish(kind: Notification['kind'], alarm: Alarm): Promise<void> {
    const { id, channel, raisedAt, clearedAt } = alarm;
    return new Promise((kept) =>
      this.outbox.publish({
        ...{ id: `${id}-${kind}`, type: `alarm-${kind}`, at: Date.parse(clearedAt ?? raisedAt) },
        ...{ subject: `alarms/${id}`, resource: channel?.resource },
        data: { node: this.#node, alarm },
        kept,
      }),
    );
  }

  #mail(kind: Notification['kind'], alarm: Alarm): Promise<void> {
    const { class: alarmClass, scope, summary, raisedAt, clearedAt, evidence } = alarm;
    const what = kind === 'raised' ? alarmClass : 'over';
    return this.mailer.send({
      subject: `[sundial] ${what}: ${summary}`,
      text: [
        `${summary}.`,
        scope ? `Judged over all nodes by: ${this.#node}` : `Node: ${this.#node}`,
        `Raised: ${raisedAt}`,
        ...(clearedAt === null ? [] : [`Over: ${clearedAt}`]),
        `Evidence: ${JSON.stringify(evidence, null, 2)}`,
        'All alarms of the node: GET /admin/alarms',
      ].join('\n'),
    });
  }

  #record(
    outcome: Notification['kind'],
    { id, pattern, kind, class: alarmClass, channel, scope, summary, evidence }: Alarm,
  ): void {
    this.recorder.record({
      ...{ kind: 'alarm', outcome },
      ...(channel && { resource: channel.resource }),
      data: {
        target: pattern,
        alarm: id,
        pattern: kind,
        class: alarmClass,
        ...(scope && { scope }),
        summary,
        evidence,
      },
    });
  }
}
