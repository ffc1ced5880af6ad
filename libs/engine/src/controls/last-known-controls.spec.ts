import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import type { ControlRecord } from './control-record.js';
import { LastKnownControls } from './last-known-controls.js';

let directory: TemporaryDirectory;
let records: ControlRecord[];
let troubles: (string | null)[];
let damages: string[];
beforeEach(async () => {
  directory = await temporaryDirectory();
  records = [{ key: 'gate:ocr', at: 5, node: 'a', endsAt: 5, control: null }];
  troubles = [];
  damages = [];
});
afterEach(() => directory.remove());

const file = () =>
  new LastKnownControls({
    directory: directory.path,
    records: () => records,
    onTrouble: (error) => troubles.push(error && error.message),
    onDamage: (sentence) => damages.push(sentence),
  });
const path = () => join(directory.path, 'controls.ndjson');

describe('the controls on a disk', () => {
  it('are what was saved last, for its user alone', async () => {
    expect(await file().recall()).toEqual([]);
    expect(await file().save()).toBe(true);
    expect(await file().recall()).toEqual(records);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect([troubles, damages]).toEqual([[], []]);
  });

  it('are all that can be read, and say what cannot', async () => {
    await file().save();
    await writeFile(path(), `${await readFile(path(), 'utf8')}["gate:x","nonsense"]\nhalf a li`);
    expect(await file().recall()).toEqual(records);
    expect(damages).toHaveLength(2);
  });

  it('are written by themselves when the disk takes them again', async () => {
    await mkdir(path());
    const saving = file();
    expect(await saving.save()).toBe(false);
    expect(troubles).toHaveLength(1);
    await rm(path(), { recursive: true });
    expect(await saving.save()).toBe(true);
    expect(troubles[1]).toBeNull();
    await saving.close();
  });
});
