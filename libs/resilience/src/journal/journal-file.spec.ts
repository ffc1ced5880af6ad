import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toCheckedLine } from './checked-line.js';
import { JournalFile } from './journal-file.js';

describe('A journal file', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sundial-journal-'));
    path = join(directory, 'journal.log');
  });

  afterEach(() => rm(directory, { recursive: true }));

  async function reopened(): Promise<{ values: readonly unknown[]; tornBytes: number }> {
    const { file, found } = await JournalFile.open(path);
    await file.close();
    const { values, tornBytes } = found;
    return { values, tornBytes };
  }

  it('gives back what was appended, in order', async () => {
    const { file } = await JournalFile.open(path);
    await Promise.all(
      [1, 'zwei', { three: ['3\n'] }].map((value) => file.append(() => toCheckedLine(value))),
    );
    await file.append(() => toCheckedLine('later'));
    await file.close();
    expect(await reopened()).toEqual({ values: [1, 'zwei', { three: ['3\n'] }, 'later'], tornBytes: 0 });
  });

  it('has a line on the disk when its append resolves', async () => {
    const { file } = await JournalFile.open(path);
    await file.append(() => toCheckedLine({ a: 1 }));
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{8} \{"a":1\}\n$/);
    await file.close();
  });

  it('writes what is still pending when it is closed', async () => {
    const { file } = await JournalFile.open(path);
    void file.append(() => toCheckedLine('last'));
    await file.close();
    expect((await reopened()).values).toEqual(['last']);
  });

  it.each([
    ['a torn tail', 'deadbeef {"half'],
    ['a line whose checksum is wrong', '00000000 {"forged":true}\n'],
    ['junk', '\0\0\0\0\n\n'],
  ])('cuts away %s, and appends behind the whole lines', async (_kind, tail) => {
    const { file } = await JournalFile.open(path);
    await file.append(() => toCheckedLine('whole'));
    await file.close();
    await appendFile(path, tail);
    const again = await JournalFile.open(path);
    expect(again.found).toMatchObject({ values: ['whole'], tornBytes: Buffer.byteLength(tail) });
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(toCheckedLine('whole') + tail);
    await again.file.append(() => toCheckedLine('next'));
    await again.file.close();
    expect(await reopened()).toEqual({ values: ['whole', 'next'], tornBytes: 0 });
  });

  // It cut away all behind a single bad byte, however much that was, and reported nothing.
  it('loses to damage in the middle only the lines that are damaged, and keeps the file for people', async () => {
    const { file } = await JournalFile.open(path);
    for (const value of ['first', 'second', 'third']) await file.append(() => toCheckedLine(value));
    await file.close();
    const damaged = (await readFile(path, 'utf8')).replace('second', 'secnod');
    await writeFile(path, damaged);
    const again = await JournalFile.open(path);
    const tornBytes = toCheckedLine('second').length;
    expect(again.found).toMatchObject({ values: ['first', 'third'], tornBytes, keptAs: `${path}.damaged` });
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(damaged);
    await again.file.append(() => toCheckedLine('fourth'));
    await again.file.close();
    expect((await reopened()).values).toEqual(['first', 'third', 'fourth']);
  });

  it('is rewritten as a whole, and goes on behind that', async () => {
    const { file } = await JournalFile.open(path);
    for (let n = 0; n < 100; n++) void file.append(() => toCheckedLine(n));
    await file.rewrite([98, 99].map(toCheckedLine));
    await file.append(() => toCheckedLine(100));
    expect(file.bytes).toBe(Buffer.byteLength(await readFile(path)));
    await file.close();
    expect((await reopened()).values).toEqual([98, 99, 100]);
  });
});
