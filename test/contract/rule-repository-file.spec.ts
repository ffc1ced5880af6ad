import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FileRuleRepository, LiveRules } from '@sundial/engine';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { describeRuleRepository, failsWith, ruleNamed } from './rule-repository.contract.js';

describeRuleRepository('a file', async () => {
  const directory = await temporaryDirectory();
  return {
    open: (seed) => new FileRuleRepository({ directory: join(directory.path, 'data'), seed }),
    remove: () => directory.remove(),
  };
});

describe('rules.json', () => {
  let directory: TemporaryDirectory;
  let path: string;
  beforeEach(async () => {
    directory = await temporaryDirectory();
    path = join(directory.path, 'rules.json');
  });
  afterEach(() => directory.remove());

  const open = async () => {
    const repository = new FileRuleRepository({ directory: directory.path, seed: [ruleNamed('ocr')] });
    const live = new LiveRules();
    await repository.start((book) => live.apply(book));
    return { repository, live };
  };

  it.each([
    ['cut off', '{"format":1,"version":3,"stamp":"x","ru'],
    ['empty', ''],
    ['of another format', '{"format":2}'],
    ['without a version', '{"format":1,"stamp":"x","rules":[]}'],
    ['null', 'null'],
    [
      'holding nonsense',
      '{"format":1,"version":3,"stamp":"x","rules":[null,{"revision":1,"rule":{"id":"a"}}]}',
    ],
  ])('stops the start when it is %s, names the file, and stays as it is', async (_how, text) => {
    await writeFile(path, text);
    await expect(open()).rejects.toThrow(path);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('tells every mistake in it', async () => {
    const rules = [
      { revision: 1, rule: { ...ruleNamed('a'), limits: [{ window: 'day', max: '3' }], mode: 'on' } },
    ];
    await writeFile(path, JSON.stringify({ format: 1, version: 1, stamp: 'x', rules }));
    await expect(open()).rejects.toThrow(/rule 0: mode: .*limits\.0\.max: .* not "3"/);
  });

  it('is replaced as a whole, with nothing left over', async () => {
    const { repository } = await open();
    for (let max = 0; max < 5; max++)
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', max) });
    expect(await readdir(directory.path)).toEqual(['rules.json']);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 1, version: 6 });
  });

  it('leaves the rules in force when a change cannot be written', async () => {
    const { repository, live } = await open();
    await rm(path);
    await mkdir(path);
    const write = repository.write({ kind: 'replace', rule: ruleNamed('ocr', 99) });
    await expect(write).rejects.toEqual(failsWith('store-unavailable'));
    expect(live.current).toMatchObject({ version: 1, rules: [ruleNamed('ocr')] });
    await rm(path, { recursive: true });
    expect((await repository.write({ kind: 'replace', rule: ruleNamed('ocr', 99) })).version).toBe(2);
    expect(await readdir(directory.path)).toEqual(['rules.json']);
  });
});
