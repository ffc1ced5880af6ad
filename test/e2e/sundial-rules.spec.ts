import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningService } from '../support/running-service.js';
import { spawnSundial, sundial } from '../support/sundial-cli.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const FIRST = `# ten a day
rules:
  - { id: ocr, resource: ocr, per: [user], limits: [{ window: day, max: 10 }, { window: hour, max: 3 }] }
`;
const SECOND = `id: sms
resource: sms
per: [account]
limits:
  - { window: month, max: 100 }
degrade: deny
`;

let service: RunningService;
let temporary: TemporaryDirectory;
let directory: string;
let cases = 0;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  temporary = await temporaryDirectory();
  service = await RunningService.start({
    SUNDIAL_ADMIN_KEYS: 'root-secret',
    SUNDIAL_CHECK_KEYS: 'app-secret',
  });
  env = { SUNDIAL_URL: service.url, SUNDIAL_KEY: 'root-secret' };
});
afterAll(async () => {
  await service?.stop();
  await temporary?.remove();
});
beforeEach(async () => {
  directory = join(temporary.path, String((cases += 1)));
  await mkdir(join(directory, 'more'), { recursive: true });
  await writeFile(join(directory, 'ocr.yaml'), FIRST);
  await writeFile(join(directory, 'more', 'sms.yml'), SECOND);
  await writeFile(join(directory, 'readme.txt'), 'no rules');
  expect((await cli('rules', 'apply', '--prune', directory)).code).toBe(0);
});

const cli = (...args: readonly string[]) => sundial(args, env);

async function json<T>(...args: readonly string[]): Promise<T> {
  const { stdout } = await cli(...args, '--json');
  return JSON.parse(stdout) as T;
}

const edit = (text: string, file = 'ocr.yaml') => writeFile(join(directory, file), text);
const idsInForce = async () =>
  (await json<{ rules: { id: string }[] }>('rules', 'get')).rules.map(({ id }) => id);

describe('sundial rules', () => {
  it('shows all rules, those of a resource, and one as YAML', async () => {
    const { stdout } = await cli('rules', 'get');
    expect(stdout).toMatch(
      /^id +resource +per +limits .*\nocr +ocr +user +10\/day, 3\/hour +UTC +enforce +local\nsms +sms /,
    );
    expect((await cli('rules', 'get', '--resource', 'sms')).stdout).not.toContain('ocr');
    expect((await cli('rules', 'get', 'sms')).stdout).toBe(`id: sms
resource: sms
per: [ account ]
timeZone: UTC
limits:
  - { window: month, max: 100 }
mode: enforce
degrade: deny
`);
    expect(await cli('rules', 'get', 'smss')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(rule-not-found)'),
    });
  });

  it('finds no difference in what it applied, and ends with 0', async () => {
    const diff = await cli('rules', 'diff', directory);
    expect(diff).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^No difference/) });
    const apply = await cli('rules', 'apply', directory);
    expect(apply).toMatchObject({ code: 0, stdout: diff.stdout });
  });

  it('shows what would change, line by line and in words, ends with 1 and changes nothing', async () => {
    await edit(
      FIRST.replace('max: 10', 'max: 20')
        .replace('window: hour', 'window: week')
        .replace('[user]', '[user, grade]'),
    );
    await writeFile(join(directory, 'new.yaml'), SECOND.replaceAll('sms', 'call'));
    const { code, stdout } = await cli('rules', 'diff', directory);
    expect(code).toBe(1);
    expect(stdout).toContain('+ rule call created\n    +id: call\n');
    expect(stdout).toContain(
      '~ rule ocr changed\n     id: ocr\n     resource: ocr\n    -per: [ user ]\n    +per: [ user, grade ]\n',
    );
    expect(stdout).toContain(
      '    -  - { window: day, max: 10 }\n    -  - { window: hour, max: 3 }\n    +  - { window: day, max: 20 }\n',
    );
    expect(stdout).toMatch(/ocr: the counters of units a day, week begin at 0, because its .*per.* changed;/);
    expect(stdout).toContain('ocr: callers must send "grade" in the subject from now on');
    expect(stdout).toMatch(/\n1 created, 1 changed, 0 removed \(from version \d+\)\.\n$/);
    expect(await cli('rules', 'apply', '--dry-run', directory)).toMatchObject({ code, stdout });
    expect(await idsInForce()).toEqual(['ocr', 'sms']);
  });

  it('applies all at once, and says where it is in force', async () => {
    await edit(FIRST.replace('max: 10', 'max: 20'));
    const { version } = await json<{ version: number }>('rules', 'diff', directory);
    const { code, stdout } = await cli('rules', 'apply', directory, '--reason', 'the exam week');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Applied: version ${version + 1}, in force on 1 of 1 live node\\.\n$`));
    expect(await cli('rules', 'diff', directory)).toMatchObject({ code: 0 });
  });

  it('deletes what no file has only with --prune', async () => {
    await rm(join(directory, 'more', 'sms.yml'));
    const kept = await cli('rules', 'diff', directory);
    expect(kept).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 rule in force that no file has: sms.'),
    });
    const pruned = await cli('rules', 'diff', '--prune', directory);
    expect(pruned.code).toBe(1);
    expect(pruned.stdout).toMatch(/^- rule sms removed\n[^]*nothing limits sms by it any more/);
    expect(await cli('rules', 'apply', directory)).toMatchObject({ code: 0 });
    expect(await idsInForce()).toEqual(['ocr', 'sms']);
    expect(await cli('rules', 'apply', '--prune', directory)).toMatchObject({ code: 0 });
    expect(await idsInForce()).toEqual(['ocr']);
  });

  it('says how many subjects a change leaves without room', async () => {
    for (const user of ['a', 'b', 'b', 'b']) await cli('check', 'ocr', '-s', `user=${user}`);
    await edit(FIRST.replace('max: 10', 'max: 3'));
    const { stdout } = await cli('rules', 'diff', '--preview', directory);
    expect(stdout).toMatch(
      /ocr: of 2 subjects that are counted, 1 have no room left, and 0 have used 80 % of a limit\.\n/,
    );
  });

  it('does not write over a change that it has not seen', async () => {
    await edit(FIRST.replace('max: 10', 'max: 20'));
    const { version } = await json<{ version: number }>('rules', 'diff', directory);
    await service.api
      .patch('/admin/rules/ocr')
      .auth('root-secret', { type: 'bearer' })
      .send({ mode: 'observe' })
      .expect(200);
    expect(await cli('rules', 'apply', directory, '--expect-version', String(version))).toMatchObject({
      code: 2,
      stderr: `sundial: The rules are at version ${version + 1}, not at ${version}: look at the diff again.\n`,
    });
    expect(await cli('rules', 'apply', directory, '--expect-version', String(version + 1))).toMatchObject({
      code: 0,
    });
  });

  it.each<[string, string, RegExp]>([
    [
      'what the service refuses',
      FIRST.replace('max: 3', 'max: -3'),
      /refuses these rules:\n {2}.*ocr\.yaml:3: ocr limits\.1\.max: must/,
    ],
    [
      'a max that was forgotten',
      FIRST.replace('max: 3', 'max:'),
      /ocr\.yaml:3: max is empty; write its value, or null/,
    ],
    ['what is no YAML', 'rules: [', /are no rules:\n {2}.*ocr\.yaml:/],
    ['a key given twice', 'id: a\nid: b', /ocr\.yaml:2: Map keys must be unique/],
    ['two documents', `${FIRST}---\n${FIRST}`, /ocr\.yaml/],
    [
      'a rule that is there twice',
      FIRST.replaceAll('id: ocr', 'id: sms'),
      /ocr\.yaml:3: rule sms is at .*sms\.yml:1 too/,
    ],
    ['a file of something else', 'replicas: 3', /ocr\.yaml: must hold "rules:" and a list, or one rule/],
    ['a field beside the rules', `${FIRST}limits: []`, /ocr\.yaml:4: "limits" is no field of a rules file/],
    ['a rule without an id', 'rules: [{ resource: a }]', /ocr\.yaml:1: the rule has no id/],
  ])('names the place of %s', async (_, text, message) => {
    await edit(text);
    const { code, stdout, stderr } = await cli('rules', 'apply', directory);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('takes no empty directory for "no rules"', async () => {
    const empty = join(directory, 'empty');
    await mkdir(empty);
    expect(await cli('rules', 'apply', '--prune', empty)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has no .yaml, .yml or .json file'),
    });
    expect(await cli('rules', 'apply', '--prune', join(directory, 'nowhere'))).toMatchObject({ code: 2 });
    expect(await idsInForce()).toEqual(['ocr', 'sms']);
  });

  it('exports to standard output, to a file or to a file for each resource, and leaves no other file that would be applied', async () => {
    expect((await cli('rules', 'export')).stdout).toMatch(/^rules:\n {2}- id: ocr\n/);
    const target = join(directory, 'out');
    expect((await cli('rules', 'export', target)).stdout).toMatch(
      /^2 rules of version \d+ written to 2 files\.\n$/,
    );
    expect(await readdir(target)).toEqual(['ocr.yaml', 'sms.yaml']);
    await writeFile(join(target, 'old.yaml'), SECOND.replaceAll('sms', 'old'));
    expect(await cli('rules', 'export', target)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /has other rule files, .*old\.yaml\. Take an empty directory, or give --prune/,
      ),
    });
    expect((await cli('rules', 'export', '--prune', target)).code).toBe(0);
    expect(await readdir(target)).toEqual(['ocr.yaml', 'sms.yaml']);
    const file = join(directory, 'all.yaml');
    await cli('rules', 'export', file);
    expect(await readFile(file, 'utf8')).toBe((await cli('rules', 'export')).stdout);
  });

  it('ends a process with 0, 1 and 2', async () => {
    const diff = ['rules', 'diff', directory];
    expect((await spawnSundial(diff, env)).code).toBe(0);
    await edit(FIRST.replace('max: 10', 'max: 20'));
    expect((await spawnSundial(diff, env)).code).toBe(1);
    expect((await spawnSundial(['rules', 'apply', directory], env)).code).toBe(0);
    await edit('rules: [');
    expect((await spawnSundial(diff, env)).code).toBe(2);
  });
});

describe('rules that were exported', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,12}$/);
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((it) => it.trim() !== '');
  const max = fc.option(fc.nat());
  const window = fc.constantFrom<unknown>(
    ...['minute', 'hour', 'day', 'month', 'total'],
    { unit: 'hour', every: 5 },
    { unit: 'day', startsAt: '04:00' },
    { unit: 'week', startsOn: 'sunday' },
  );
  const limit = fc.record(
    { window, meter: name, max, soft: fc.boolean() },
    { requiredKeys: ['window', 'max'] },
  );
  const onDeny = fc.record(
    { code: text, message: text, params: fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }) },
    { requiredKeys: ['code'] },
  );
  const rule = fc.record(
    {
      id: name,
      resource: name,
      per: fc.uniqueArray(fc.constantFrom('user', 'grade', 'yes'), { maxLength: 3 }),
      timeZone: fc.constantFrom('UTC', 'Asia/Shanghai'),
      limits: fc.uniqueArray(limit, {
        minLength: 1,
        maxLength: 4,
        selector: (it) => JSON.stringify([it.window, it.meter ?? 'units']),
      }),
      mode: fc.constantFrom('enforce', 'observe', 'off'),
      degrade: fc.constantFrom('allow', 'deny', 'local'),
      description: text,
      onDeny,
    },
    { requiredKeys: ['id', 'resource', 'per', 'limits'] },
  );
  const sets = fc.uniqueArray(rule, { maxLength: 6, selector: ({ id }) => id });

  it('are no difference, from a directory and from a file, and apply brings them back', async () => {
    await fc.assert(
      fc.asyncProperty(sets, async (rules) => {
        const to = join(temporary.path, `property-${(cases += 1)}`);
        const source = join(temporary.path, `source-${cases}.json`);
        await writeFile(source, JSON.stringify({ rules }));
        const applied = await cli('rules', 'apply', '--prune', source);
        // What the generator makes and the service refuses (two windows that are one) shows nothing here.
        fc.pre(!applied.stderr.includes('The service refuses'));
        expect(applied).toMatchObject({ code: 0, stderr: '' });
        for (const target of [to, `${to}.yaml`]) {
          expect((await cli('rules', 'export', target)).code).toBe(0);
          expect(await cli('rules', 'diff', '--prune', target)).toMatchObject({ code: 0, stderr: '' });
        }
        const before = await json('rules', 'get');
        await cli('rules', 'apply', '--prune', directory);
        expect(await cli('rules', 'apply', '--prune', to)).toMatchObject({ code: 0, stderr: '' });
        const { rules: after } = await json<{ rules: unknown }>('rules', 'get');
        expect(before).toMatchObject({ rules: after });
      }),
      { numRuns: 25 },
    );
  });
});
