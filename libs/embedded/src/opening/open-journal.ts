import { DirectoryInUseError, Journal } from '@sundial/resilience';
import { QuotaSettingsError } from '../settings/quota-settings.error.js';
import type { Opening } from './opening.js';

/** A store in this process is never away, so there nothing waits for it. */
export async function openJournal({
  settings,
  files,
}: Pick<Opening, 'settings' | 'files'>): Promise<Journal | undefined> {
  const { redis, directory, journal: sync } = settings;
  if (!redis) return undefined;
  const onTrouble = files.writerOf('journal');
  try {
    const journal = await Journal.open({ directory, sync, onTrouble });
    for (const { bytes, keptAs } of journal.damages) {
      files.damaged(
        'journal',
        `${bytes} bytes cannot be read: what they say will not be counted. It is kept as ${keptAs}.`,
      );
    }
    return journal;
  } catch (error) {
    if (error instanceof DirectoryInUseError)
      throw new QuotaSettingsError([{ setting: 'directory', message: error.message }]);
    throw error;
  }
}
