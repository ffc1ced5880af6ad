import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PRIVATE_DIRECTORY } from './private-modes.js';

/**
 * Makes a directory and those above it, for this user alone; one that is there already is left as it is. Not by Node.js' `recursive`, which
 * tries for ever where a directory cannot be made in a parent that exists and the system calls that ENOENT (`/proc/x`).
 * @throws the system's error when there can be no such directory.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    return await makeOne(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  await makeDirectory(dirname(path));
  await makeOne(path);
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, PRIVATE_DIRECTORY);
  } catch (error) {
    const isThere = codeOf(error) !== 'ENOENT' && (await isDirectory(path));
    if (!isThere) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
