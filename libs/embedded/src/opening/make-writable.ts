import { makeDirectory } from '@sundial/engine';
import { access, constants } from 'node:fs/promises';
import { QuotaSettingsError } from '../settings/quota-settings.error.js';

/**
 * Makes the directory where there is none. With and without Redis a process keeps its rules there, so it is checked before
 * anything depends on it.
 * @throws QuotaSettingsError
 */
export async function makeWritable(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    await access(directory, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `must be a directory this process can write (${reason})`;
    throw new QuotaSettingsError([{ setting: 'directory', value: directory, message }]);
  }
}
