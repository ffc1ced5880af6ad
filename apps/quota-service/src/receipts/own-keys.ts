import {
  generateSigningKey,
  pemOf,
  readReceiptKey,
  readSigningKey,
  type ReceiptKey,
  type SigningKey,
} from '@sundial/receipts';
import { writePrivateFile } from '@sundial/engine';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import type { Log } from '../logging/log.js';

/** Injects the `OwnKeys` of this node. */
export const OWN_KEYS = Symbol('OwnKeys');

/** The keys that this node signs and verifies with, whatever others publish. */
export interface OwnKeys {
  readonly signing: SigningKey;
  /** The signing one among them. */
  readonly all: readonly ReceiptKey[];
  /** Keeps a key that was made. Called when the node has its directory to itself. */
  keep(): Promise<void>;
}

const FILE = 'receipts.key';

/**
 * The keys of `SUNDIAL_RECEIPT_KEY`, of which the first signs; without it the one that the data directory keeps, made at the
 * first start. A directory that takes no file leaves it in memory: the next start has another key then, and verifiers learn it.
 */
export async function loadOwnKeys(
  { receiptKeyFiles, dataDirectory }: Pick<Settings, 'receiptKeyFiles' | 'dataDirectory'>,
  log: Pick<Log, 'warn'>,
): Promise<OwnKeys> {
  if (receiptKeyFiles.length === 0) return keptKeys(join(dataDirectory, FILE), log);
  const texts = await Promise.all(receiptKeyFiles.map((path) => readFile(path, 'utf8')));
  const keep = () => Promise.resolve();
  return { signing: readSigningKey(texts[0] ?? ''), all: texts.map((text) => readReceiptKey(text)), keep };
}

async function keptKeys(file: string, log: Pick<Log, 'warn'>): Promise<OwnKeys> {
  const found = await read(file);
  const signing = found.key ?? generateSigningKey();
  const keep = async () => {
    if (found.key) return;
    if (found.error !== undefined)
      log.warn({ file, reason: found.error }, 'the key of receipts cannot be used: a new one is made');
    await writePrivateFile(file, pemOf(signing)).catch((err: Error) =>
      log.warn({ file, err }, 'the key of receipts cannot be kept: the next start makes another one'),
    );
  };
  return { signing, all: [signing], keep };
}

async function read(path: string): Promise<{ readonly key?: SigningKey; readonly error?: string }> {
  try {
    return { key: readSigningKey(await readFile(path, 'utf8')) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? {} : { error: message };
  }
}
