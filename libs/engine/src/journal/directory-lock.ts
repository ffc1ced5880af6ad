import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Two processes that write one journal would each cut away what the other wrote. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';

  constructor(directory: string, owner: string) {
    super(`${directory} is in use by process ${owner}; give every node a data directory of its own`);
  }
}

/**
 * Takes a directory for this process; answers how to give it back. A process that was killed gives nothing back, so
 * the lock names its owner, and one whose owner is gone is taken over.
 *
 * @throws DirectoryInUseError
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'journal.lock');
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
    if (owner !== me && pid > 0 && isRunning(pid) && (await identityOf(pid)) === owner) {
      throw new DirectoryInUseError(directory, String(pid));
    }
    await rm(path, { force: true });
  }
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
