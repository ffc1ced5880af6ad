import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { loadOwnKeys, type OwnKeys } from './own-keys.js';

let directory: TemporaryDirectory;
let warnings: string[];
beforeEach(async () => {
  directory = await temporaryDirectory();
  warnings = [];
});
afterEach(() => directory.remove());

const warn = (_fields: unknown, sentence?: string) => void warnings.push(String(sentence));
const load = (dataDirectory: string, receiptKeyFiles: readonly string[] = []): Promise<OwnKeys> =>
  loadOwnKeys({ dataDirectory, receiptKeyFiles }, { warn });
const kid = ({ signing }: OwnKeys) => signing.kid;

describe('the key that a data directory keeps', () => {
  it('is made once, and written only when the node has the directory to itself', async () => {
    const data = join(directory.path, 'new');
    const made = await load(data);
    await expect(stat(data)).rejects.toThrow('ENOENT');
    await made.keep();
    expect(kid(await load(data))).toBe(kid(made));
    expect(((await stat(join(data, 'receipts.key'))).mode & 0o777).toString(8)).toBe('600');
    expect(warnings).toEqual([]);
  });

  it('is not written where one was found', async () => {
    await (await load(directory.path)).keep();
    const before = await readFile(join(directory.path, 'receipts.key'), 'utf8');
    await (await load(directory.path)).keep();
    expect(await readFile(join(directory.path, 'receipts.key'), 'utf8')).toBe(before);
  });

  it('is replaced where it cannot be used, with a warning', async () => {
    await writeFile(join(directory.path, 'receipts.key'), 'damaged');
    const made = await load(directory.path);
    await made.keep();
    expect(warnings).toEqual(['the key of receipts cannot be used: a new one is made']);
    expect(kid(await load(directory.path))).toBe(kid(made));
  });

  it('is in memory where it cannot be written, with a warning', async () => {
    await mkdir(join(directory.path, 'receipts.key'));
    const made = await load(directory.path);
    await made.keep();
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toBe('the key of receipts cannot be kept: the next start makes another one');
  });

  it('is not made where keys are given', async () => {
    await (await load(directory.path)).keep();
    const given = join(directory.path, 'receipts.key');
    const other = join(directory.path, 'other');
    await (await load(other, [given])).keep();
    await expect(stat(other)).rejects.toThrow('ENOENT');
  });
});
