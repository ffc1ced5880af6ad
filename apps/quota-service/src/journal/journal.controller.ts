import { Controller, Get } from '@nestjs/common';
import { QuotaEngine } from '@sundial/engine';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { SHOW_JOURNAL } from './journal.docs.js';
import type { ShownJournal } from './shown-journal.js';

/** What this node decided without the store, and what became of it. */
@Controller('admin/journal')
export class JournalController {
  constructor(private readonly engine: QuotaEngine) {}

  @Get()
  @Describe(SHOW_JOURNAL)
  @Route({ access: 'admin', role: 'viewer' })
  show(): ShownJournal {
    const journal = this.engine.journal();
    const uncertainIntervals = journal.uncertainIntervals.map((interval) => ({
      ...interval,
      from: new Date(interval.from).toISOString(),
      to: new Date(interval.to).toISOString(),
    }));
    return { ...journal, uncertainIntervals };
  }
}
