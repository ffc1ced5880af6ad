import { Controller, Get } from '@nestjs/common';
import { type JournalStatus, QuotaEngine } from '@sundial/engine';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { SHOW_JOURNAL } from './journal.docs.js';

/** What this node decided without the store, and what became of it. */
@Controller('admin/journal')
export class JournalController {
  constructor(private readonly engine: QuotaEngine) {}

  @Get()
  @Describe(SHOW_JOURNAL)
  @Route({ access: 'admin' })
  show(): ShownJournal {
    const journal = this.engine.journal();
    const unverifiable = journal.unverifiable.map((span) => ({
      ...span,
      from: new Date(span.from).toISOString(),
      to: new Date(span.to).toISOString(),
    }));
    return { ...journal, unverifiable };
  }
}

type Span = JournalStatus['unverifiable'][number];

/** With times as texts. */
export interface ShownJournal extends Omit<JournalStatus, 'unverifiable'> {
  readonly unverifiable: readonly (Omit<Span, 'from' | 'to'> & {
    readonly from: string;
    readonly to: string;
  })[];
}
