import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Locks of this process. */
const held = new Set<string>();

/**
 * A journal has one writer: two would cut off each other's lines. The lock of a process that is gone is taken over, and so is one
 * with this process's own id, which a container that was restarted has again.
 *
 * @throws Error where another client has it.
 */
export function lockFile(path: string): () => void {
  const lock = `${path}.lock`;
  const owner = held.has(lock) ? process.pid : liveOwner(lock);
  if (owner !== null) {
    throw new Error(`${path} is the journal of another client (process ${owner}): give each its own file.`);
  }
  rmSync(lock, { force: true });
  writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
  held.add(lock);
  return () => {
    held.delete(lock);
    rmSync(lock, { force: true });
  };
}

function liveOwner(lock: string): number | null {
  let pid: number;
  try {
    pid = Number(readFileSync(lock, 'utf8'));
  } catch {
    return null;
  }
  return Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid && isRunning(pid) ? pid : null;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
