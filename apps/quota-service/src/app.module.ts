import { Module, type DynamicModule } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { AlarmObserver } from './alarms/alarm-observer.js';
import { HoldWatch } from './alarms/hold-watch.js';
import { AlarmsModule } from './alarms/alarms.module.js';
import { BrakesModule } from './brakes/brakes.module.js';
import { CheckModule } from './check/check.module.js';
import type { Settings } from './config/settings.js';
import { settingsModule } from './config/settings.module.js';
import { ComparisonModule } from './comparison/comparison.module.js';
import { ConsoleModule } from './console/console.module.js';
import { DocsModule } from './docs/docs.module.js';
import { DrillsModule } from './drills/drills.module.js';
import { EngineModule } from './engine/engine.module.js';
import { EventsModule } from './events/events.module.js';
import { OutboxModule } from './events/outbox.module.js';
import { OverrideTimers } from './events/override-timers.js';
import { EVENT_OBSERVER } from './events/tokens.js';
import { GatesModule } from './gates/gates.module.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule, type HttpParts } from './http/server/http.module.js';
import { JournalModule } from './journal/journal.module.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { LedgerAdminEvents } from './ledger/recording/ledger-admin-events.js';
import { RecordingModule } from './ledger/recording/recording.module.js';
import { QUOTA_RECORDER } from './ledger/recording/tokens.js';
import { LiveModule } from './live/live.module.js';
import type { Log, LogLines } from './logging/log.js';
import { LoggingModule } from './logging/logging.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OverridesModule } from './overrides/overrides.module.js';
import { QuotaMetrics } from './metrics/quota-metrics.js';
import { PacksModule } from './packs/packs.module.js';
import { RegistryModule } from './metrics/registry.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { ReceiptSigner } from '@sundial/receipts';
import { ReceiptSigningModule } from './receipts/receipt-signing.module.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { ReservationsModule } from './reservations/reservations.module.js';
import { RulesModule } from './rules/rules.module.js';
import { SubjectDataModule } from './privacy/subject-data.module.js';
import { SubjectsModule } from './subjects/subjects.module.js';
import { UsageModule } from './usage/usage.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

export interface AppOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** What the log is written to. */
  readonly lines: LogLines;
  readonly http: HttpParts;
}

/** The service: one module a feature, on the ground that all of them share. */
@Module({
  imports: [
    CheckModule,
    ReservationsModule,
    ReportsModule,
    ReceiptsModule,
    UsageModule,
    PacksModule,
    RulesModule,
    SubjectsModule,
    GatesModule,
    BrakesModule,
    DrillsModule,
    OverridesModule,
    AlarmsModule,
    ComparisonModule,
    JournalModule,
    HealthModule,
    MetricsModule,
    DocsModule,
    ConsoleModule,
    LiveModule,
    RegistryModule,
    AdminModule.recordedIn({
      events: [LedgerAdminEvents, OverrideTimers],
      imports: [RecordingModule, OutboxModule],
    }),
    LedgerModule,
    SubjectDataModule,
    EventsModule,
    WebhooksModule,
    EngineModule.observedBy({
      observers: [QuotaMetrics, AlarmObserver, HoldWatch, QUOTA_RECORDER, EVENT_OBSERVER],
      receipts: ReceiptSigner,
      imports: [MetricsModule, AlarmsModule, RecordingModule, OutboxModule, ReceiptSigningModule],
    }),
  ],
})
export class AppModule {
  static with({ settings, log, lines, http }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [settingsModule(settings), LoggingModule.to(log, lines), HttpModule.with(http)],
    };
  }
}
