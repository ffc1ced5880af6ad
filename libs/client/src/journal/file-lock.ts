import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Locks of this process. */
const held = new Set<string>();

/** A process that takes over a lock needs no longer; one that was killed meanwhile must not bar the others for good. */
const TAKE_OVER_MS = 10_000;

/**
 * A journal has one writer: two would cut off each other's lines. The lock of a process that is gone is taken over, and so is one
 * with this process's own id, which a container that was restarted has again. Processes that do not see each other (two
 * containers, two machines) must not share a file.
 *
 * @throws Error where another client has it.
 */
export function lockFile(path: string): () => void {
  const lock = `${resolve(path)}.lock`;
  if (held.has(lock)) throw taken(path, process.pid);
  if (!create(lock)) takeOver(path, lock);
  held.add(lock);
  return () => {
    held.delete(lock);
    rmSync(lock, { force: true });
  };
}

/** Of several processes that find a lock without owner, one may take it away: the others would take away that one's. */
function takeOver(path: string, lock: string): void {
  const owner = liveOwner(lock);
  if (owner !== null) throw taken(path, owner);
  const turn = `${lock}.turn`;
  if (Date.now() - writtenAt(turn) > TAKE_OVER_MS) rmSync(turn, { force: true });
  if (!create(turn)) throw taken(path, liveOwner(turn));
  try {
    const inTheMeantime = liveOwner(lock);
    if (inTheMeantime !== null) throw taken(path, inTheMeantime);
    rmSync(lock, { force: true });
    if (!create(lock)) throw taken(path, liveOwner(lock));
  } finally {
    rmSync(turn, { force: true });
  }
}

function taken(path: string, owner: number | null): Error {
  const who = owner === null ? '' : ` (process ${owner})`;
  return new Error(`${path} is the journal of another client${who}: give each its own file.`);
}

/** False where it exists. */
function create(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function writtenAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
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
