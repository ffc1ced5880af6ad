import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../../../files/make-directory.js';
import { writePrivateFile } from '../../../files/private-file.js';
import { PRIVATE_FILE } from '../../../files/private-modes.js';
import { StoreError } from '../../store.js';

const FILE = 'overrides.ndjson';
/** The file is written as a whole when it has so many more lines than there are overrides. */
const SLACK_LINES = 1_000;

/** One write: `record` null removes what the key had. */
export interface OverrideLine {
  readonly rule: string;
  readonly name: string;
  readonly key: string;
  readonly record: string | null;
}

/** The overrides of a process on disk: a line of JSON for each write, in order, rewritten when many are out of date. */
export class OverrideFile {
  #lines: number;
  #last: Promise<void> = Promise.resolve();

  private constructor(
    readonly path: string,
    lines: number,
  ) {
    this.#lines = lines;
  }

  /** @throws Error that names the file. A last line that was cut off was never acknowledged, and is passed over. */
  static async open(
    directory: string,
  ): Promise<{ readonly file: OverrideFile; readonly lines: readonly OverrideLine[] }> {
    await makeDirectory(directory);
    const path = join(directory, FILE);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) await writePrivateFile(path, whole);
    const lines = whole.split('\n').filter(Boolean).map(lineIn(path));
    return { file: new OverrideFile(path, lines.length), lines };
  }

  /** Resolves when the lines are on disk. `all` are those that were there before. @throws StoreError */
  append(lines: readonly OverrideLine[], all: () => Iterable<OverrideLine>): Promise<void> {
    const act = () => this.#write(lines, all);
    this.#last = this.#last.then(act, act);
    return this.#last;
  }

  /** What was to be written is. */
  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  async #write(lines: readonly OverrideLine[], all: () => Iterable<OverrideLine>): Promise<void> {
    try {
      const before = [...all()];
      if (this.#lines + lines.length > 2 * before.length + SLACK_LINES) {
        await writePrivateFile(this.path, textOf([...before, ...lines]));
        this.#lines = before.length + lines.length;
        return;
      }
      const file = await open(this.path, 'a', PRIVATE_FILE);
      try {
        await file.writeFile(textOf(lines));
        await file.sync();
      } finally {
        await file.close();
      }
      this.#lines += lines.length;
    } catch (cause) {
      throw new StoreError(`${this.path} could not be written: ${(cause as Error).message}`, 'unknown', {
        cause,
      });
    }
  }
}

function textOf(lines: readonly OverrideLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function lineIn(path: string): (text: string, index: number) => OverrideLine {
  return (text, index) => {
    try {
      return JSON.parse(text) as OverrideLine;
    } catch (cause) {
      throw new Error(
        `${path}: line ${index + 1} cannot be read. Restore the file from a backup, or remove it.`,
        {
          cause,
        },
      );
    }
  };
}
