import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PRIVATE_FILE } from './private-modes.js';

/** How often the owner of a lock shows that it lives. */
const BEAT_MS = 1_000;
/** An owner that has not shown it for so long is dead. Only used for a process that this one cannot see. */
const DEAD_AFTER_MS = 3_000;

/** How long two processes that start at once may be apart in taking over one lock. */
const RACE_MS = 50;

/** A file that says which process has something, held until it is released or its owner ends. */
export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Takes a lock for this process; undefined when another has it. A process that was killed gives nothing back, so the
 * lock names its owner, and one whose owner is gone is taken over: at once where this process would see it, and in
 * `DEAD_AFTER_MS` where it ran in another container, on another machine or before a reboot.
 */
export async function lockFile(path: string): Promise<ProcessLock | undefined> {
  const me = await identityOf(process.pid);
  while (!(await create(path, me))) {
    if (await isAlive(await ownerOf(path), path)) return undefined;
    await rm(path, { force: true });
  }
  // Another process may have found the same lock dead, and removed this one in its place.
  await sleep(RACE_MS);
  return (await ownerOf(path)) === me ? heldLock(path) : lockFile(path);
}

/** False where there is one already. */
async function create(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx', mode: PRIVATE_FILE });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** No process takes more than a moment to write a name. */
async function ownerOf(path: string): Promise<string> {
  const read = async () => (await readFile(path, 'utf8').catch(() => '')).trim();
  return (await read()) || (await sleep(RACE_MS).then(read));
}

function heldLock(path: string): ProcessLock {
  const beat = () => void utimes(path, new Date(), new Date()).catch(() => undefined);
  const timer = setInterval(beat, BEAT_MS).unref();
  return {
    release: () => {
      clearInterval(timer);
      return rm(path, { force: true });
    },
  };
}

async function isAlive(owner: string, path: string): Promise<boolean> {
  const [pid = 0, , place = PLACE] = owner.split(' ');
  if (!(Number(pid) > 0)) return false;
  if (place === PLACE) return isRunning(Number(pid)) && (await identityOf(Number(pid))).startsWith(owner);
  const before = await beatOf(path);
  await sleep(DEAD_AFTER_MS);
  return (await beatOf(path)) !== before;
}

/** Of a file that was opened for it: by its name a network file system may report what was so a minute ago. */
async function beatOf(path: string): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined);
  const { mtimeMs = 0 } = (await file?.stat()) ?? {};
  await file?.close();
  return mtimeMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Numbers of processes are used again, with another start; where the system does not report that, the number must do. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name in parentheses, which may hold anything; the start is field 22.
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${startedAt ?? '-'} ${PLACE}`;
}

/** Where numbers of processes mean the same: one run of one machine, and of its containers one. */
const PLACE = [
  hostname(),
  readOr('-', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
  readOr('-', () => readlinkSync('/proc/self/ns/pid')),
]
  .map((part) => part.trim().replaceAll(/\s/g, ''))
  .join('/');

function readOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
