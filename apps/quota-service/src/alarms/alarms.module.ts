import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { FileFindings } from '@sundial/embedded';
import { OutboxModule } from '../events/outbox.module.js';
import { MailModule } from '../mail/mail.module.js';
import { FilesModule } from '../files/files.module.js';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { DecisionRecorder } from '../ledger/recording/decision-recorder.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { LOG, type Log } from '../logging/log.js';
import { Webhook } from '../webhooks/webhook.js';
import { AlarmAnnouncer } from './alarm-announcer.js';
import { AlarmEvaluator } from './alarm-evaluator.js';
import { AlarmLedger } from './alarm-ledger.js';
import { AlarmMetrics } from './alarm-metrics.js';
import { AlarmObserver } from './alarm-observer.js';
import { AlarmTicker } from './alarm-ticker.js';
import { AlarmsController } from './alarms.controller.js';
import { LIST_ALARMS } from './alarms.docs.js';
import { loadAlarmFile } from './patterns/alarm-file.js';
import { TallyOfNode } from './cluster/node-tally.js';
import { AlarmsOfAllNodes } from './alarms-of-all-nodes.js';
import { HoldWatch } from './hold-watch.js';
import { LocalAlarms } from './local-alarms.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';
import { VolumesOfLedger } from './volumes-of-ledger.js';
import { ALARM_PATTERNS, ALARM_WEBHOOK } from './tokens.js';

/**
 * `GET /admin/alarms`, and what leads to it: the engine's events → `AlarmObserver` → `AlarmEvaluator` → `AlarmAnnouncer` →
 * ledger, log, metrics, webhook.
 */
@Module({
  imports: [FilesModule, RecordingModule, OutboxModule, MailModule],
  controllers: [AlarmsController],
  providers: [
    {
      provide: ALARM_PATTERNS,
      inject: [SETTINGS],
      useFactory: ({ alarmsFile }: Settings) => loadAlarmFile(alarmsFile),
    },
    { provide: ALARM_WEBHOOK, inject: [SETTINGS, LOG], useFactory: createWebhook },
    {
      provide: AlarmEvaluator,
      inject: [ALARM_PATTERNS, LocalAlarms],
      useFactory: (patterns: readonly AlarmPattern[], local: LocalAlarms) =>
        new AlarmEvaluator(patterns, (notification) => local.hear(notification)),
    },
    {
      provide: AlarmObserver,
      inject: [AlarmEvaluator, TallyOfNode, SETTINGS, FileFindings, NodeLedger],
      useFactory: createObserver,
    },
    {
      provide: HoldWatch,
      inject: [AlarmObserver, DecisionRecorder],
      useFactory: (observer: AlarmObserver, recorder: DecisionRecorder) =>
        new HoldWatch((reservation) => {
          observer.holdsExpired(reservation.resource, 1);
          recorder.holdExpired(reservation);
        }),
    },
    AlarmLedger,
    AlarmMetrics,
    AlarmAnnouncer,
    TallyOfNode,
    AlarmsOfAllNodes,
    LocalAlarms,
    VolumesOfLedger,
    AlarmTicker,
  ],
  exports: [AlarmObserver, AlarmLedger, HoldWatch, ALARM_PATTERNS],
})
export class AlarmsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_ALARMS]);
  }
}

function createWebhook({ alarmWebhook }: Settings, log: Log): Webhook | null {
  if (!alarmWebhook) return null;
  return new Webhook({
    ...alarmWebhook,
    onTrouble: (outcome, reason) => log.warn({ outcome, reason }, 'an alarm notification was not delivered'),
  });
}

function createObserver(
  evaluator: AlarmEvaluator,
  tally: TallyOfNode,
  { redis, ledger: target }: Settings,
  files: FileFindings,
  ledger: NodeLedger,
): AlarmObserver {
  const counting: Pick<AlarmEvaluator, 'take'> = {
    take(signal, at) {
      tally.add(signal);
      evaluator.take(signal, at);
    },
  };
  const observer = new AlarmObserver(
    target?.url === undefined ? evaluator : counting,
    redis ? 'redis' : 'embedded',
  );
  files.onChange((finding, holds) => observer.fileFindingChanged(finding, holds));
  // What retention removes has been kept as long as it should.
  ledger.onGap(({ cause, count: events, from, to }) => {
    if (cause !== 'retention') observer.ledgerMismatched({ cause, events, from, to });
  });
  return observer;
}
