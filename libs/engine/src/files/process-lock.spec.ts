import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { access, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../../test/support/eventually.js';
import { lockFile } from './process-lock.js';

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
    await writeFile(path, '4194305 1');
    const locks = await Promise.all(Array.from({ length: 8 }, () => lockFile(path)));
    const [held, ...others] = locks.filter((lock) => lock !== undefined);
    expect(held).toBeDefined();
    expect(others).toEqual([]);
    await held!.release();
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
