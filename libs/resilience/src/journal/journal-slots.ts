import { lockFile } from '@sundial/engine';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** Processes that may keep their journals in one directory: those of a small machine, by accident or on purpose. */
const MAX_SLOTS = 16;

/** One journal of a directory, held by this process until it is released. */
export interface JournalSlot {
  readonly path: string;
  release(): Promise<void>;
}

/** Two processes that write one journal would each cut away what the other wrote. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';

  constructor(directory: string) {
    super(`${directory} is in use by ${MAX_SLOTS} processes; give every node a data directory of its own`);
  }
}

/**
 * Claims the journals of a directory that no living process holds: the first for this process (`journal.log`, or
 * `journal-2.log` beside a process that has it), the others because a process died and left settlements in them.
 *
 * @throws DirectoryInUseError
 */
export async function claimJournals(
  directory: string,
): Promise<{ own: JournalSlot; abandoned: readonly JournalSlot[] }> {
  const [own, ...abandoned] = await freeSlots(directory);
  if (own === undefined) throw new DirectoryInUseError(directory);
  return { own, abandoned };
}

async function freeSlots(directory: string): Promise<JournalSlot[]> {
  const paths = Array.from({ length: MAX_SLOTS }, (_, index) =>
    join(directory, index === 0 ? 'journal.log' : `journal-${index + 1}.log`),
  );
  const isThere = await Promise.all(paths.map((path, index) => index === 0 || exists(path)));
  const found = await Promise.all(paths.filter((_, index) => isThere[index]).map(claim));
  const free = found.filter((slot) => slot !== undefined);
  for (const path of paths.filter((_, index) => !isThere[index])) {
    if (free.length > 0) break;
    const slot = await claim(path);
    if (slot) free.push(slot);
  }
  return free;
}

async function claim(path: string): Promise<JournalSlot | undefined> {
  const lock = await lockFile(path.replace(/log$/, 'lock'));
  return lock && { path, release: () => lock.release() };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
