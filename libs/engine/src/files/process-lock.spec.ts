import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { access, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../../test/support/eventually.js';
import { lockFile, type ProcessLock } from './process-lock.js';

const DEAD = '4194305 1';

async function expectOne(locks: readonly (ProcessLock | undefined)[]): Promise<void> {
  const [held, ...others] = locks.filter((lock) => lock !== undefined);
  expect(held).toBeDefined();
  expect(others).toEqual([]);
  await held!.release();
}

describe('lockFile', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sundial-lock-'));
    path = join(directory, 'a.lock');
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('is taken by one at a time, and by the next when it is released', async () => {
    const first = await lockFile(path);
    expect(await lockFile(path)).toBeUndefined();
    await first!.release();
    const second = await lockFile(path);
    expect(second).toBeDefined();
    await second!.release();
    await expect(access(path)).rejects.toThrow('ENOENT');
  });

  it('is taken over from a process that is dead, by one of all that find it', async () => {
    await writeFile(path, DEAD);
    await expectOne(await Promise.all(Array.from({ length: 8 }, () => lockFile(path))));
    expect(await readdir(directory)).toEqual([]);
  });

  // Processes that found it dead at different times removed one another's locks.
  it('is taken over by one, however late another process acts on having found it dead', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(path, DEAD);
      const late = Array.from({ length: 6 }, async (_, i) => {
        await sleep(i * 3 * Math.random());
        return lockFile(path);
      });
      await expectOne(await Promise.all(late));
    }
  });

  it('is taken over though a process was killed while it took it over', async () => {
    await writeFile(path, DEAD);
    await writeFile(`${path}.next`, DEAD);
    await expectOne(await Promise.all(Array.from({ length: 4 }, () => lockFile(path))));
  });

  it('is not given back by a process that has lost it', async () => {
    const lost = await lockFile(path);
    await writeFile(path, '7 1234 another-host/boot/pid:[1]');
    await lost!.release();
    expect(await readFile(path, 'utf8')).toContain('another-host');
  });

  // A container numbers its processes itself: the lock of one beside it looked like that of a dead process.
  it('is not taken over from a process that this one cannot see, as long as it shows that it lives', async () => {
    await writeFile(path, '7 1234 another-host/boot/pid:[1]');
    const beat = setInterval(() => void utimes(path, new Date(), new Date()), 1_000);
    expect(await lockFile(path)).toBeUndefined();
    clearInterval(beat);
    const held = await lockFile(path);
    expect(await readFile(path, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    await held!.release();
  });

  it('shows that its owner lives', async () => {
    const held = await lockFile(path);
    await utimes(path, new Date(0), new Date(0));
    await eventually(async () => (await stat(path)).mtimeMs > 0);
    await held!.release();
  });
});
