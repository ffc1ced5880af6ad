import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Decision, Gate, Override } from '@sundial/contract';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningService } from '../support/running-service.js';
import { loadedFiles, packagesOf } from '../support/loaded-files.js';
import { spawnSundial, sundial } from '../support/sundial-cli.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const KEYS = { SUNDIAL_ADMIN_KEYS: 'ops=root-secret', SUNDIAL_CHECK_KEYS: 'app-secret' };

let service: RunningService;
let directory: TemporaryDirectory;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  directory = await temporaryDirectory();
  service = await RunningService.start({ ...KEYS, SUNDIAL_CLOCK_OFFSET_MS: '0' });
  env = { SUNDIAL_URL: service.url, SUNDIAL_KEY: 'root-secret' };
  const file = join(directory.path, 'rules.yaml');
  await writeFile(
    file,
    `rules:
  - { id: few, resource: few, per: [user], limits: [{ window: total, max: 2 }, { window: total, meter: tokens, max: 100 }] }
  - { id: many, resource: many, per: [user, grade], limits: [{ window: year, max: 1000 }] }
`,
  );
  expect(await cli('rules', 'apply', '--prune', file)).toMatchObject({ code: 0, stderr: '' });
});
afterAll(async () => {
  await service?.stop();
  await directory?.remove();
});

const cli = (...args: readonly string[]) => sundial(args, env);

/** What a command prints for programs. */
async function json<T>(...args: readonly string[]): Promise<T> {
  const { stdout } = await cli(...args, '--json');
  return JSON.parse(stdout) as T;
}

/** Texts of a table's cells, row by row. */
function cells(stdout: string): string[][] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/ {2,}/));
}

describe('sundial check', () => {
  it('counts, says what is left, and ends with 0 while it is allowed and 1 when it is denied', async () => {
    const check = ['check', 'few', '-s', 'user=c1', '--amounts', 'tokens=60', '--operation-id'];
    const { code, stdout, stderr } = await cli(...check, 'first');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(cells(stdout)).toEqual([
      ['decision', 'allowed (ok)'],
      ['operation', 'first'],
      ['rule', 'window', 'meter', 'used', 'held', 'max', 'left', 'resets', 'note'],
      ['few', 'total', 'units', '1', '0', '2', '1', '-'],
      ['few', 'total', 'tokens', '60', '0', '100', '40', '-'],
    ]);
    expect((await cli(...check, 'first')).stdout).toMatch(/replayed +yes/);
    const denied = await cli(...check, 'second');
    expect(denied.code).toBe(1);
    expect(denied.stdout).toMatch(/decision +DENIED \(limit-reached\)\n[^]*tokens.* no room\n/);
    const { operationId, allowed } = await json<Decision>('check', 'few', '-s', 'user=c1', '--amount', '0');
    expect([typeof operationId, allowed]).toEqual(['string', true]);
  });

  it('takes a check key, and says of which key a service wants another', async () => {
    const only = { SUNDIAL_URL: service.url, SUNDIAL_CHECK_KEY: 'app-secret' };
    expect((await sundial(['check', 'few', '-s', 'user=c2'], only)).code).toBe(0);
    expect(await sundial(['gates'], only)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /GET \/admin\/gates \(missing-key\)\. It needs an admin key: set SUNDIAL_KEY/,
      ),
    });
  });

  it('lists what is wrong with it, by path', async () => {
    expect(await cli('check', 'many', '-s', 'user=c1')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^sundial: POST \/check: .*invalid-request\)\n {2}subject\.grade: .*missing/,
      ),
    });
  });
});

describe('sundial usage', () => {
  it('shows one resource, or all of a subject, and counts nothing', async () => {
    await cli('check', 'few', '-s', 'user=用户');
    for (const args of [['usage', 'few'], ['usage']]) {
      const { code, stdout } = await cli(...args, '-s', 'user=用户');
      expect([code, stdout]).toEqual([0, expect.stringMatching(/few +total +units +1 +0 +2 +1 /)]);
    }
    expect(await json('usage', '-s', 'user=用户')).toMatchObject({
      subject: { user: '用户' },
      resources: [{ resource: 'few' }],
    });
    expect((await cli('usage', 'nothing', '-s', 'user=u')).stdout).toBe('No rule limits it.\n');
  });
});

describe('sundial gates and brakes', () => {
  it('closes a resource for a while, shows by whom, and opens it again', async () => {
    const closed = await cli('gates', 'set', 'closed', 'many', '--until', '1h', '--reason', 'vendor down');
    expect(closed).toMatchObject({
      code: 0,
      stdout: 'The gate of many is closed. It is in force on the one live node.\n',
    });
    expect(cells((await cli('gates')).stdout)).toEqual([
      ['resource', 'gate', 'until', 'set by', 'reason'],
      ['many', 'closed', expect.stringMatching(/T/), 'ops', 'vendor down'],
    ]);
    const { gates } = await json<{ gates: Gate[] }>('gates', 'list');
    const inMs = Date.parse(gates[0]!.until!) - Date.now();
    expect(Math.abs(inMs - 3_600_000)).toBeLessThan(10_000);
    expect((await cli('check', 'many', '-s', 'user=u', '-s', 'grade=1')).code).toBe(1);
    await cli('gates', 'set', 'normal', 'many');
    expect((await cli('gates')).stdout).toBe('No gate is set: the rules decide.\n');
  });

  it('wants one resource or all, and a state that there is', async () => {
    for (const args of [['open'], ['open', 'many', '--all'], ['ajar', 'many']])
      expect(await cli('gates', 'set', ...args)).toMatchObject({ code: 2, stdout: '' });
  });

  it('turns a resource down and up again', async () => {
    const args = ['--percent', '40', '--until', '10m', '-s', 'user=b1', '--on-deny', '{"code":"BUSY"}'];
    const { brake } = await json<{ brake: { id: string } }>('brakes', 'set', 'many', ...args);
    expect(cells((await cli('brakes')).stdout)[1]?.slice(0, 4)).toEqual([
      brake.id,
      'many',
      'user=b1',
      '40 %',
    ]);
    expect((await cli('brakes', 'remove', brake.id)).stdout).toMatch(
      /^The brake of many is off\. It is in force/,
    );
    expect(await cli('brakes', 'remove', brake.id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(brake-not-found)'),
    });
  });
});

describe('sundial packs and reservations', () => {
  it('adds a pack once, lists and cancels it', async () => {
    const of = ['many', '-s', 'user=p1', '-s', 'grade=2'];
    const add = [
      'packs',
      'add',
      ...of,
      '--amount',
      '50',
      '--expires',
      '2030-01-01T00:00:00Z',
      '--operation-id',
      'order-1',
    ];
    expect((await cli(...add)).code).toBe(0);
    expect((await cli(...add)).stdout).toContain('nothing was added now');
    const inAMonth = add.map((each) => (each.startsWith('2030') ? '30d' : each));
    expect(await cli(...inAMonth)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('write an instant'),
    });
    const rows = cells((await cli('packs', 'list', ...of)).stdout);
    expect(rows[1]?.slice(1, 5)).toEqual(['units', '50', '50', '100']);
    const [resource = '', ...subject] = of;
    const cancelled = await json<{ pack: { state: string } }>(
      'packs',
      'cancel',
      resource,
      rows[1]![0]!,
      ...subject,
    );
    expect(cancelled.pack.state).toBe('cancelled');
  });

  it('shows a reservation and ends it', async () => {
    const reserve = { resource: 'few', subject: { user: 'r1' }, amounts: { tokens: 50 } };
    const { body } = await service.api
      .post('/reservations')
      .auth('app-secret', { type: 'bearer' })
      .send(reserve);
    const { id } = (body as { reservation: { id: string } }).reservation;
    expect((await cli('reservations', 'get', id)).stdout).toMatch(/state +held\n/);
    const committed = await cli('reservations', 'commit', id, '--amounts', 'tokens=70');
    expect(committed.stdout).toMatch(/state +committed\n[^]*more than held +20 tokens\n/);
    expect(await cli('reservations', 'release', id)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(reservation-ended)'),
    });
  });
});

describe('sundial overrides', () => {
  it('sets, shows and removes the limits of a subject', async () => {
    const who = ['--rule', 'few', '-s', 'user=o1'];
    const limits = ['--limit', 'total=+20', '--limit', 'total:tokens=unlimited'];
    expect((await cli('overrides', 'set', ...who, ...limits, '--until', '1d', '--reason', 'exam')).code).toBe(
      0,
    );
    const rows = cells((await cli('overrides', 'list', '--rule', 'few', '--active')).stdout);
    expect(rows[1]?.slice(0, 3)).toEqual(['few', 'user=o1', '+20/total, unlimited tokens/total']);
    expect((await cli('usage', 'few', '-s', 'user=o1')).stdout).toMatch(
      /units +0 +0 +22 +22 +- +by override/,
    );
    expect((await cli('overrides', 'remove', ...who)).stdout).toMatch(/^Removed, the rule decides again:\n/);
    expect((await cli('overrides', 'list', '--rule', 'few')).stdout).toBe('The rule has no such override.\n');
    for (const limit of ['total', 'total=', 'fortnight=1', 'total=-1', 'total=1.5', '{=1', 'total:=1'])
      expect((await cli('overrides', 'set', ...who, '--limit', limit)).code).toBe(2);
  });

  it('imports more lines than one request takes, with progress, and exports what it imported', async () => {
    const lines = Array.from({ length: 12_000 }, (_, n) =>
      JSON.stringify({ rule: 'few', subject: { user: `i${n}` }, limits: [{ window: 'total', add: n }] }),
    );
    const [file, out] = [join(directory.path, 'in.ndjson'), join(directory.path, 'out.ndjson')];
    await writeFile(file, `${lines.join('\n')}\n`);
    expect(await cli('overrides', 'import', file)).toEqual({
      code: 0,
      stdout: '12,000 overrides imported.\n',
      stderr: '10,000 overrides imported …\n12,000 overrides imported …\n',
    });
    expect((await cli('overrides', 'export', '--rule', 'few', '-o', out)).stderr).toBe(
      `The overrides are in ${out}.\n`,
    );
    const { stdout } = await cli('overrides', 'export');
    expect(await readFile(out, 'utf8')).toBe(stdout);
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual([...lines].sort());
    const { overrides } = await json<{ overrides: Override[] }>(
      'overrides',
      'list',
      '--rule',
      'few',
      '--prefix',
      'i119',
    );
    expect(overrides).toHaveLength(111);
  });

  it('names the line of the file that is not valid, and how far it came', async () => {
    const file = join(directory.path, 'bad.ndjson');
    const good = (n: number) =>
      `{"rule":"few","subject":{"user":"i${n}"},"limits":[{"window":"total","add":1}]}\n`;
    const lines = Array.from({ length: 10_000 }, (_, n) => good(n)).join('');
    await writeFile(file, `${lines}${good(1)}{"rule":"few","subject":{},"limits":[]}\n`);
    const { code, stderr } = await cli('overrides', 'import', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /bad\.ndjson is not valid:\n {2}line 10002, .*\n[^]*Lines 1 to 10000 were imported/,
    );
    expect(await spawnSundial(['overrides', 'import', '-'], env, good(1))).toMatchObject({
      code: 0,
      stdout: '1 override imported.\n',
    });
  });
});

describe('sundial, as a process', () => {
  it('ends with 0, 1 and 2, and prints no key', async () => {
    const key = join(directory.path, 'key');
    await writeFile(key, 'root-secret\n');
    const at = ['--url', service.url, '--key-file', key];
    expect(await spawnSundial([...at, 'rules', 'get', 'many'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^id: many\nresource: many\nper: \[ user, grade \]\n/),
    });
    const coverage = join(directory.path, 'coverage');
    const refused = ['check', 'few', '-s', 'user=x', '--amount', '3', ...at];
    expect((await spawnSundial(refused, { NODE_V8_COVERAGE: coverage })).code).toBe(1);
    // Of a start of 0.25 s, 0.1 s were YAML, text differences and the client, which few commands need.
    expect(packagesOf(await loadedFiles(coverage))).toEqual(['commander', undefined]);
    expect((await loadedFiles(coverage)).filter((file) => file.includes('/libs/client/'))).toEqual([]);
    const wrong = await spawnSundial(['--url', service.url, '--key', 'guessed-secret', 'gates']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('(wrong-key)');
    expect(wrong.stdout + wrong.stderr).not.toContain('guessed-secret');
  });
});
