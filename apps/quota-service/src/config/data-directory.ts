import { makeDirectory } from '@sundial/engine';
import { access, constants } from 'node:fs/promises';
import { ConfigurationError } from './settings.js';

/** Both kinds of node keep their rules there, so it is checked before anything depends on it. */
export async function makeWritable(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    await access(directory, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError([
      `SUNDIAL_DATA_DIR=${JSON.stringify(directory)} must be a directory this process can write (${reason})`,
    ]);
  }
}
