import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../files/make-directory.js';
import { PRIVATE_FILE } from '../files/private-modes.js';
import { Secret, SECRET_BYTES, SharedSecret } from './secret.js';

const FILE = 'operations.secret';

/**
 * The secret that a directory keeps, for its owner only; a new one where there is none, or nothing that could be one: then
 * ids that were made with it before are ids of their callers. A directory that takes no file leaves it in memory.
 */
export async function loadSecret(directory: string): Promise<SharedSecret> {
  const kept = decodeSecret(await readFile(pathIn(directory), 'utf8').catch(() => ''));
  if (kept) return new SharedSecret(new Secret(kept));
  const secret = new SharedSecret();
  await saveSecret(directory, secret.current).catch(() => undefined);
  return secret;
}

/** Leaves the old file or the new one, never a part. */
export async function saveSecret(directory: string, { bytes }: Secret): Promise<void> {
  await makeDirectory(directory);
  const temporary = `${pathIn(directory)}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(temporary, `${encodeSecret(bytes)}\n`, { mode: PRIVATE_FILE, flag: 'wx', flush: true });
    await rename(temporary, pathIn(directory));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export function encodeSecret(bytes: Buffer): string {
  return bytes.toString('base64url');
}

/** Undefined for a text that is no secret. */
export function decodeSecret(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]{43}\n?$/.test(text)) return undefined;
  const bytes = Buffer.from(text.trimEnd(), 'base64url');
  return bytes.length === SECRET_BYTES ? bytes : undefined;
}

function pathIn(directory: string): string {
  return join(directory, FILE);
}
