import { Module } from '@nestjs/common';
import { AlarmsModule } from '../alarms/alarms.module.js';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { ComparisonMetrics } from './comparison-metrics.js';
import { ComparisonTimer } from './comparison-timer.js';
import { LedgerCoverage } from './ledger-coverage.js';

/** Counters against their events in the ledger: a difference is an alarm `ledger-mismatch`. */
@Module({
  imports: [AlarmsModule, RecordingModule],
  providers: [LedgerCoverage, ComparisonTimer, ComparisonMetrics],
})
export class ComparisonModule {}
