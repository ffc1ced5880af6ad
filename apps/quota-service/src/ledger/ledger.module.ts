import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { HistoryController } from './history.controller.js';
import { AUDIT, DECISIONS, OPERATION } from './history.docs.js';
import { LedgerLifecycle } from './ledger-lifecycle.js';
import { RecordingModule } from './recording/recording.module.js';
import { RollbackController } from './rollback.controller.js';
import { ROLL_BACK_RULE } from './rollback.docs.js';
import { StatusController } from './status.controller.js';
import { LEDGER_STATUS } from './status.docs.js';
import { SubjectSearchController } from './subject-search.controller.js';
import { SumsController } from './sums.controller.js';
import { OUTAGE_CALLS, OUTAGES, SEARCH_SUBJECTS, TOP, USAGE_HISTORY } from './sums.docs.js';

/** The questions that operators ask of the ledger (docs/ledger.md). */
@Module({
  imports: [RecordingModule],
  controllers: [
    HistoryController,
    SumsController,
    SubjectSearchController,
    RollbackController,
    StatusController,
  ],
  providers: [LedgerLifecycle],
})
export class LedgerModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([OPERATION, DECISIONS, AUDIT, USAGE_HISTORY, TOP, SEARCH_SUBJECTS, OUTAGES, OUTAGE_CALLS]);
    openApi.add([ROLL_BACK_RULE, LEDGER_STATUS]);
  }
}
