import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { makeDirectory } from './make-directory.js';

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

describe('makeDirectory', () => {
  it('makes a directory and all above it, also when others make them at once', async () => {
    const path = join(directory.path, 'a', 'b', 'c');
    await Promise.all(Array.from({ length: 20 }, () => makeDirectory(path)));
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it('leaves a directory that is there as it is', async () => {
    await writeFile(join(directory.path, 'kept'), '');
    await makeDirectory(directory.path);
    await makeDirectory('/');
    expect(await readdir(directory.path)).toEqual(['kept']);
  });

  it('gives up where a file is in the way', async () => {
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    await expect(makeDirectory(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeDirectory(join(file, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  // On Linux a recursive mkdir never came back: the system says ENOENT there although the parent exists.
  it('gives up where no directory can be made', async () => {
    await expect(makeDirectory('/proc/none/data')).rejects.toThrow(/\/proc/);
  });
});
