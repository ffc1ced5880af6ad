import { MAX_IMPORTED_OVERRIDES } from '@sundial/contract';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { counted } from '../command/words.js';
import { queryOf, type Service } from '../service/service.js';
import { CliError, reasonOf } from '../terminal/cli-error.js';
import type { Progress } from '../terminal/terminal.js';

/** A service takes 16 MiB at once. */
const MAX_PART_BYTES = 8 * 1_024 * 1_024;
const PART_TIMEOUT_MS = 60_000;

interface ImportOptions {
  /** `-`: standard input. */
  readonly file: string;
  readonly reason: string | undefined;
  readonly service: Service;
  readonly progress: Progress;
}

interface Part {
  readonly text: string;
  readonly lines: number;
}

/** Sends the lines of a file in parts. @throws CliError that says up to which line it came. */
export async function importOverrides(options: ImportOptions): Promise<{ readonly imported: number }> {
  const { file, reason, service, progress } = options;
  const path = `/admin/overrides/import${queryOf({ reason })}`;
  let imported = 0;
  for await (const { text, lines } of partsOf(await linesOf(file))) {
    await service
      .postLines(path, text, PART_TIMEOUT_MS)
      .catch((error: unknown) => Promise.reject(failedAfter(imported, file, error)));
    imported += lines;
    progress(`${counted(imported, 'override')} imported …`);
  }
  if (imported === 0) throw new CliError(`${nameOf(file)} has no line.`);
  return { imported };
}

async function linesOf(file: string): Promise<AsyncIterable<string>> {
  const input: Readable =
    file === '-'
      ? process.stdin
      : (
          await open(file).catch((error: unknown) => {
            throw new CliError(`${file} can't be read: ${reasonOf(error)}.`);
          })
        ).createReadStream({ encoding: 'utf8' });
  return createInterface({ input, crlfDelay: Infinity });
}

async function* partsOf(lines: AsyncIterable<string>): AsyncGenerator<Part> {
  let part: string[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const size = Buffer.byteLength(line) + 1;
    if (part.length === MAX_IMPORTED_OVERRIDES || bytes + size > MAX_PART_BYTES) {
      yield { text: part.join('\n'), lines: part.length };
      [part, bytes] = [[], 0];
    }
    part.push(line);
    bytes += size;
  }
  if (part.length > 0) yield { text: part.join('\n'), lines: part.length };
}

/** The service counts the lines of a part from 1; people count those of the file. */
function failedAfter(imported: number, file: string, error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  if (!wasRefused(error)) {
    const done = imported === 0 ? 'Some lines' : `Lines 1 to ${imported} are in force, and lines after them`;
    return new CliError(`${error.message}\n${done} may be in force. Repeating the import is harmless.`);
  }
  const done =
    imported === 0 ? 'Nothing was imported.' : `Lines 1 to ${imported} were imported, and none after them.`;
  if (error.errors.length === 0)
    return new CliError(`${error.message}\n${done} Repeating the import changes nothing that was imported.`);
  const lines = error.errors.map(({ path, message }) => {
    const [, line, rest = ''] = /^lines\.(\d+)\.?(.*)$/.exec(path) ?? [];
    const where = line === undefined ? path : `line ${Number(line) + imported}${rest && `, ${rest}`}`;
    return `\n  ${where}: ${message}`;
  });
  return new CliError(`${nameOf(file)} is not valid:${lines.join('')}\n${done}`);
}

/** Before anything was set: by a 4xx. Without the service's answer, or with a 503, what was sent may have been set in part. */
function wasRefused({ status }: CliError): boolean {
  return status !== undefined && status < 500;
}

function nameOf(file: string): string {
  return file === '-' ? 'Standard input' : file;
}
