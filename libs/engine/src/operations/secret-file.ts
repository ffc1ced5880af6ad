import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../files/private-file.js';
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

export function saveSecret(directory: string, { bytes }: Secret): Promise<void> {
  return writePrivateFile(pathIn(directory), `${encodeSecret(bytes)}\n`);
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
