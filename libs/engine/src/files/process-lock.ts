import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PRIVATE_FILE } from './private-modes.js';

/** How often the owner of a lock shows that it lives. */
const BEAT_MS = 1_000;
/** An owner that has not shown it for so long is dead. Only used for a process that this one cannot see. */
const DEAD_AFTER_MS = 3_000;

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
  const mine = `${path}.${randomUUID()}`;
  await writeFile(mine, me, { flag: 'wx', mode: PRIVATE_FILE });
  try {
    return (await acquire(path, mine)) ? heldLock(path, me) : undefined;
  } finally {
    await rm(mine, { force: true });
  }
}

async function acquire(path: string, mine: string): Promise<boolean> {
  while (!(await create(path, mine))) {
    const owner = await ownerOf(path);
    // Undefined where it was released meanwhile.
    if (owner !== undefined) return !(await isAlive(owner, path)) && takeOver(path, owner, mine);
  }
  return true;
}

/** False where there is one already. The name appears with its content, so that a lock is never without an owner. */
async function create(path: string, mine: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Puts `mine` in place of a lock whose owner is dead. Of several processes that find it dead, one at a time looks
 * again and does so, under a lock of its own (which is taken over in the same way): the slower ones would replace the
 * new owner otherwise. Nothing else touches a dead owner's lock.
 */
async function takeOver(path: string, dead: string, mine: string): Promise<boolean> {
  const turn = await lockFile(`${path}.next`);
  if (turn === undefined) return false;
  try {
    if ((await ownerOf(path)) !== dead) return false;
    await rename(mine, path);
    return true;
  } finally {
    await turn.release();
  }
}

/** Undefined where the lock has been released. */
async function ownerOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function heldLock(path: string, me: string): ProcessLock {
  const beat = () => void utimes(path, new Date(), new Date()).catch(() => undefined);
  const timer = setInterval(beat, BEAT_MS).unref();
  return {
    release: async () => {
      clearInterval(timer);
      // Another has it where this process could show no life for too long.
      if ((await ownerOf(path)) === me) await rm(path, { force: true });
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
