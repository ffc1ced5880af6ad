import type { QuotaObserver } from '@sundial/engine';
import type { FileFindings } from '../findings/file-findings.js';
import type { CheckedSettings } from '../settings/checked-settings.js';

/** What every part is opened with. */
export interface Opening {
  readonly settings: CheckedSettings;
  readonly observer: QuotaObserver;
  readonly files: Pick<FileFindings, 'writerOf' | 'damaged'>;
  readonly log: QuotaLog;
  /** The rules could not be brought up to date; those in force stay. Called once for each new trouble. */
  readonly rulesNotUpdated: (error: Error) => void;
  /** The same of gates, brakes and drills. */
  readonly controlsNotUpdated: (error: Error) => void;
}

/** Where lines go about what is opened, such as how far the counters of a large log are read. */
export interface QuotaLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
