import type { ReceiptIssuer } from '@sundial/contract';
import { type FileFindings, openQuota, type OpenedQuota, QuotaSettingsError } from '@sundial/embedded';
import type { QuotaObserver } from '@sundial/engine';
import { ConfigurationError, type Settings } from '../config/settings.js';
import type { Log } from '../logging/log.js';
import { errorsByVariable } from './errors-by-variable.js';

export interface OpenEngineOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly files: FileFindings;
  readonly observer: QuotaObserver;
  readonly receipts: ReceiptIssuer;
}

/** @throws ConfigurationError that names the variables where the settings name what cannot be counted on. */
export async function openEngine({ settings, ...listeners }: OpenEngineOptions): Promise<OpenedQuota> {
  const { redis, deadlineMs, batchDeadlineMs, unknownResource, maxSubjects, clockOffsetMs } = settings;
  const opened = openQuota(
    {
      redis,
      directory: settings.dataDirectory,
      rules: settings.rulesFile,
      journal: settings.journalSync,
      deadlineMs,
      batchDeadlineMs,
      unknownResource,
      maxSubjects,
      clockOffsetMs,
    },
    listeners,
  );
  return opened.catch((error: unknown) => {
    if (!(error instanceof QuotaSettingsError)) throw error;
    throw new ConfigurationError(errorsByVariable(error));
  });
}
