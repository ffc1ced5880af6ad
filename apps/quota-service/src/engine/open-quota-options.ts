import type { QuotaObserver } from '@sundial/engine';
import type { RedisTarget } from '@sundial/redis';

export interface OpenQuotaOptions {
  readonly settings: QuotaSettings;
  readonly observer: QuotaObserver;
  readonly files: FileReports;
  readonly log: OpeningLog;
}

export interface QuotaSettings {
  /** Undefined: counters live in this process. */
  readonly redis: RedisTarget | undefined;
  /** This process's own. */
  readonly dataDirectory: string;
  /** Applied where no rules are stored yet. */
  readonly rulesFile: string;
  readonly journalSync: 'group' | 'strict';
  readonly deadlineMs: number;
  readonly batchDeadlineMs: number;
  readonly unknownResource: 'allow' | 'deny';
  /** Counters of an embedded store. Undefined: by the size of the heap. */
  readonly maxSubjects?: number | undefined;
  readonly clockOffsetMs: number;
}

/** What a process keeps on its disk. */
type OpenedFile = 'counters' | 'journal' | 'rules';

/** Takes reports about the files that are opened. */
interface FileReports {
  /** What the writer of this file reports to: an error when it cannot write, null when nothing is missing any more. */
  writerOf(file: OpenedFile): (error: Error | null) => void;
  /** Some of this file could not be read. */
  damaged(file: OpenedFile, sentence: string): void;
}

/** Where the lines of an opening go. */
interface OpeningLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
