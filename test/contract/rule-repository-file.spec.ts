import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FileRuleRepository, LiveRules } from '@sundial/engine';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

describe('rules.ndjson', () => {
  let directory: TemporaryDirectory;
  let path: string;
  beforeEach(async () => {
    directory = await temporaryDirectory();
    path = join(directory.path, 'rules.ndjson');
  });
  afterEach(() => directory.remove());

  const open = async () => {
    const repository = new FileRuleRepository({ directory: directory.path, seed: () => [ruleNamed('ocr')] });
    const live = new LiveRules();
    await repository.start((book) => live.apply(book));
    return { repository, live };
  };
  const HEAD = '{"format":2,"version":3,"stamp":"x","rules":1}\n';
  const OCR = `{"revision":1,"rule":${JSON.stringify(ruleNamed('ocr'))}}\n`;

  it.each([
    ['cut off', '{"format":2,"version":3,"stamp":"x","ru'],
    ['empty', ''],
    ['of another format', '{"format":1}\n'],
    ['without a version', '{"format":2,"stamp":"x","rules":0}\n'],
    ['null', 'null\n'],
    ['short of a rule', HEAD],
    ['short of the end of a rule', HEAD + OCR.trimEnd()],
    ['holding nonsense', `${HEAD}null\n`],
    ['holding half a rule', `${HEAD}{"revision":1,"rule":{"id":"a"}}\n`],
    ['holding what is no JSON', `${HEAD}{"revision":\n`],
    ['damaged in a change', `${HEAD}${OCR}{"after":"x","version":4}\n`],
  ])('stops the start when it is %s, names the file, and stays as it is', async (_how, text) => {
    await writeFile(path, text);
    await expect(open()).rejects.toThrow(path);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('lists every error in it', async () => {
    const rule = { ...ruleNamed('a'), limits: [{ window: 'day', max: '3' }], mode: 'on' };
    await writeFile(path, `${HEAD}${JSON.stringify({ revision: 1, rule })}\n`);
    await expect(open()).rejects.toThrow(/rule 0: mode: .*limits\.0\.max: .* not "3"/);
  });

  it('holds what was written whole, then what has changed, with nothing left over', async () => {
    const { repository } = await open();
    for (let max = 0; max < 5; max++)
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', max) });
    await repository.write({ kind: 'delete', id: 'ocr' });
    expect(await readdir(directory.path)).toEqual(['rules.ndjson']);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const [head, first, ...changes] = lines.map((line) => JSON.parse(line));
    expect([head, first]).toMatchObject([{ format: 2, version: 1, rules: 1 }, { revision: 1 }]);
    expect(changes.map(({ version }) => version)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(changes.at(-1)).toMatchObject({ set: [], removed: ['ocr'] });
  });

  it('grows by what has changed, and never beyond a thousand changes', async () => {
    const { repository } = await open();
    await repository.replaceAll({ rules: Array.from({ length: 500 }, (_, i) => ruleNamed(`r${i}`)) });
    const before = (await stat(path)).size;
    await repository.write({ kind: 'replace', rule: ruleNamed('r7', 11) });
    expect((await stat(path)).size - before).toBeLessThan(500);
    for (let max = 0; max < 1_000; max++) {
      await repository.write({ kind: 'replace', rule: ruleNamed('r7', max) });
    }
    expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(600);
    await repository.close();
    expect((await open()).live.current.byId('r7')?.limits[0]?.max).toBe(999);
  });

  it('is read up to what was acknowledged after a crash in the middle of a write', async () => {
    const { repository } = await open();
    await repository.write({ kind: 'create', rule: ruleNamed('llm') });
    const acknowledged = await readFile(path, 'utf8');
    await repository.write({ kind: 'replace', rule: ruleNamed('llm', 99) });
    const line = (await readFile(path, 'utf8')).slice(acknowledged.length);
    await repository.close();
    for (let length = 0; length < line.length; length += 7) {
      await writeFile(path, acknowledged + line.slice(0, length));
      const { repository: again, live } = await open();
      expect(live.current).toMatchObject({ version: 2, rules: [ruleNamed('llm'), ruleNamed('ocr')] });
      await again.write({ kind: 'create', rule: ruleNamed('next') });
      await again.close();
      const { repository: last, live: then } = await open();
      expect(then.current.rules.map(({ id }) => id)).toEqual(['llm', 'next', 'ocr']);
      await last.close();
    }
  });

  it('is right in whatever order two processes added the same changes', async () => {
    const { repository } = await open();
    for (let max = 1; max <= 3; max++)
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', max) });
    await repository.close();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const changes = lines.slice(2);
    await writeFile(path, [...lines.slice(0, 2), ...changes.toReversed(), ...changes, ''].join('\n'));
    const { live } = await open();
    expect(live.current).toMatchObject({ version: 4, rules: [ruleNamed('ocr', 3)] });
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
    expect(await readdir(directory.path)).toEqual(['rules.ndjson']);
    await repository.close();
    expect((await open()).live.current).toMatchObject({ version: 2, rules: [ruleNamed('ocr', 99)] });
  });
});
