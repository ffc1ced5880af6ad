import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../files/make-directory.js';
import { PRIVATE_FILE } from '../files/private-modes.js';
import { type ControlRecord, decodeRecord, encodeRecord } from './control-record.js';

const FILE = 'controls.ndjson';
/** How often it is written again while the disk does not take it. */
const RETRY_MS = 1_000;

export interface LastKnownControlsOptions {
  readonly directory: string;
  /** Asked when the file is written. */
  readonly records: () => Iterable<ControlRecord>;
  /** Called when the file cannot be written, and with null when it can be again. */
  readonly onTrouble?: ((error: Error | null) => void) | undefined;
  /** Called with what cannot be read at the start: all else is in force. */
  readonly onDamage?: ((sentence: string) => void) | undefined;
}

/**
 * The gates, brakes and drills of a node on its disk, so that they are in force from its start, also without Redis. A line is a
 * key and its record. The file is written as a whole, in the background; a crash leaves the old one or the new one.
 */
export class LastKnownControls {
  readonly #options: LastKnownControlsOptions;
  readonly #path: string;
  #isDue = false;
  #saving: Promise<boolean> | undefined;
  #trouble: Error | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LastKnownControlsOptions) {
    this.#options = options;
    this.#path = join(options.directory, FILE);
  }

  async recall(): Promise<readonly ControlRecord[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') this.#damaged(error.message);
      return '';
    });
    const records: ControlRecord[] = [];
    for (const line of text.split('\n')) {
      if (line === '') continue;
      try {
        const [key, record] = JSON.parse(line) as [unknown, unknown];
        records.push(decodeRecord(String(key), String(record)));
      } catch (error) {
        this.#damaged(error instanceof Error ? error.message : String(error));
      }
    }
    return records;
  }

  /** Resolves with whether all that is known now is on disk. */
  save(): Promise<boolean> {
    this.#isDue = true;
    this.#saving ??= this.#saveWhileDue().finally(() => {
      this.#saving = undefined;
      if (this.#isDue) void this.save();
    });
    return this.#saving;
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#saving;
  }

  async #saveWhileDue(): Promise<boolean> {
    clearTimeout(this.#retry);
    try {
      while (this.#isDue) {
        this.#isDue = false;
        await this.#write();
      }
      if (this.#trouble !== undefined) this.#options.onTrouble?.(null);
      this.#trouble = undefined;
      return true;
    } catch (error) {
      if (this.#trouble === undefined) this.#options.onTrouble?.(error as Error);
      this.#trouble = error as Error;
      this.#retry = setTimeout(() => void this.save(), RETRY_MS).unref();
      return false;
    }
  }

  async #write(): Promise<void> {
    const { directory, records } = this.#options;
    const lines = Array.from(
      records(),
      (record) => `${JSON.stringify([record.key, encodeRecord(record)])}\n`,
    );
    await makeDirectory(directory);
    // Nodes on one machine may share a data directory, so no two writers share a temporary file.
    const temporary = `${this.#path}.${randomUUID()}.new`;
    try {
      const file = await open(temporary, 'wx', PRIVATE_FILE);
      try {
        await file.writeFile(lines.join(''));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  #damaged(reason: string): void {
    this.#options.onDamage?.(
      `Some gates, brakes or drills in ${this.#path} cannot be read (${reason}): they are not in force here until the store or an operator says them again.`,
    );
  }
}
