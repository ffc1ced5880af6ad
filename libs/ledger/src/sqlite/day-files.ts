import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^(\d{4}-\d{2}-\d{2})\.sqlite$/;
/** What SQLite keeps beside a file. */
const BESIDE = ['', '-wal', '-shm'];

/** The days that have a file, oldest first. */
export function daysIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .map((name) => NAME.exec(name)?.[1])
    .filter((day) => day !== undefined)
    .sort();
}

export function pathOf(directory: string, day: string): string {
  return join(directory, `${day}.sqlite`);
}

export function bytesOf(path: string): number {
  return BESIDE.reduce(
    (sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

export function removeFile(path: string): void {
  for (const suffix of BESIDE) rmSync(path + suffix, { force: true });
}

/** The UTC day of an instant. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
