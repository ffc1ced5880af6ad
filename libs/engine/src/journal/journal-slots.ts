import { access, open, readFile, rm } from 'node:fs/promises';
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
 * `journal-2.log` beside a process that has it), the others because somebody died and left debts in them.
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
  const free: JournalSlot[] = [];
  for (let number = 1; number <= MAX_SLOTS; number++) {
    const path = join(directory, number === 1 ? 'journal.log' : `journal-${number}.log`);
    if (free.length > 0 && !(await exists(path))) continue;
    const release = await lock(path.replace(/log$/, 'lock'));
    if (release) free.push({ path, release });
  }
  return free;
}

/**
 * Takes a lock for this process, and answers how to give it back; undefined when another process has it. A process
 * that was killed gives nothing back, so the lock names its owner, and one whose owner is gone is taken over.
 */
async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  const me = await identityOf(process.pid);
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(me);
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = (await readFile(path, 'utf8').catch(() => '')).trim();
    const [pid = 0] = owner.split(' ').map(Number);
    if (owner !== me && pid > 0 && isRunning(pid) && (await identityOf(pid)) === owner) return undefined;
    await rm(path, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Numbers of processes are used again, with another start; where the system does not tell that, the number must do. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name in parentheses, which may hold anything; the start is field 22.
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return startedAt === undefined ? String(pid) : `${pid} ${startedAt}`;
}
