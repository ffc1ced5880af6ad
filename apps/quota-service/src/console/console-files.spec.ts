import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { isConsoleBuilt, readConsole } from './console-files.js';

describe('the files of the console', () => {
  it('are none where it was not built', async () => {
    const directory = await temporaryDirectory();
    const from = pathToFileURL(`${directory.path}/`);
    expect([isConsoleBuilt(from), await readConsole(from)]).toEqual([false, undefined]);
    await directory.remove();
  });

  it('are the page, whose assets lie below /console, and those by their names', async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'assets'));
    await writeFile(join(directory.path, 'index.html'), '<script src="./assets/a-1.js"></script>');
    await writeFile(join(directory.path, 'assets/a-1.js'), 'a()');
    const files = await readConsole(pathToFileURL(`${directory.path}/`));
    expect(String(files?.page.bytes)).toBe('<script src="console/assets/a-1.js"></script>');
    expect([...(files?.assets ?? [])].map(([name, { type, bytes }]) => [name, type, String(bytes)])).toEqual([
      ['a-1.js', 'text/javascript; charset=utf-8', 'a()'],
    ]);
    await directory.remove();
  });
});
