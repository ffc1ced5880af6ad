import type { JournalStatus } from '@sundial/engine';

type Interval = JournalStatus['uncertainIntervals'][number];

/** The journal's status as `GET /admin/journal` answers it: with times as texts. */
export interface ShownJournal extends Omit<JournalStatus, 'uncertainIntervals'> {
  readonly uncertainIntervals: readonly (Omit<Interval, 'from' | 'to'> & {
    readonly from: string;
    readonly to: string;
  })[];
}
