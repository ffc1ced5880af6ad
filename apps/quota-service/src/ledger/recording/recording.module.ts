import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { LOG, LOG_LINES, type Log, type LogLines } from '../../logging/log.js';
import { DecisionRecorder } from './decision-recorder.js';
import { EventLog } from './event-log.js';
import { LedgerAdminEvents } from './ledger-admin-events.js';
import { LedgerMetrics } from './ledger-metrics.js';
import { LedgerRecorder } from './ledger-recorder.js';
import { NodeLedger } from './node-ledger.js';
import { EVENT_LOG, QUOTA_RECORDER, type QuotaRecorder } from './tokens.js';

/** The node's ledger, and what records in it. It knows no feature: features record through `LedgerRecorder`. */
@Module({
  providers: [
    {
      provide: NodeLedger,
      inject: [SETTINGS, LOG],
      useFactory: ({ ledger }: Settings, log: Log) => new NodeLedger(ledger, log),
    },
    {
      provide: EVENT_LOG,
      inject: [SETTINGS, LOG_LINES],
      useFactory: ({ eventLog }: Settings, lines: LogLines) =>
        eventLog ? new EventLog(lines, eventLog) : null,
    },
    LedgerRecorder,
    {
      provide: DecisionRecorder,
      inject: [LedgerRecorder],
      useFactory: (recorder: LedgerRecorder) => new DecisionRecorder(recorder),
    },
    {
      provide: QUOTA_RECORDER,
      inject: [LedgerRecorder, DecisionRecorder],
      // While nothing is recorded, nothing is on the path of checks.
      useFactory: ({ isOn }: LedgerRecorder, decisions: DecisionRecorder): QuotaRecorder =>
        isOn ? decisions : {},
    },
    LedgerAdminEvents,
    LedgerMetrics,
  ],
  exports: [NodeLedger, LedgerRecorder, DecisionRecorder, QUOTA_RECORDER, LedgerAdminEvents],
})
export class RecordingModule {}
