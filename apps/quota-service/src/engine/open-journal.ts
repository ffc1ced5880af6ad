import { DirectoryInUseError, Journal } from '@sundial/resilience';
import { ConfigurationError } from '../config/settings.js';
import type { OpenQuotaOptions } from './open-quota-options.js';

/** The embedded store is never away, so there nothing waits for it. */
export async function openJournal({
  settings,
  files,
}: Pick<OpenQuotaOptions, 'settings' | 'files'>): Promise<Journal | undefined> {
  const { redis, dataDirectory, journalSync } = settings;
  if (!redis) return undefined;
  const onTrouble = files.writerOf('journal');
  try {
    const journal = await Journal.open({ directory: dataDirectory, sync: journalSync, onTrouble });
    for (const { bytes, keptAs } of journal.damages) {
      files.damaged(
        'journal',
        `${bytes} bytes cannot be read: what they say will not be counted. It is kept as ${keptAs}.`,
      );
    }
    return journal;
  } catch (error) {
    if (error instanceof DirectoryInUseError)
      throw new ConfigurationError([`SUNDIAL_DATA_DIR: ${error.message}`]);
    throw error;
  }
}
