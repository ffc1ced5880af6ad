import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readSettings } from '../../apps/quota-service/src/index.js';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const CHECK = { resource: 'ocr', subject: { user: 'u1' } };
const [OLD, NEW, ADMIN] = ['old-key-of-16-chars', 'new-key-of-16-chars', 'admin-key-of-16-chars'] as const;
const hashed = (secret: string) => `sha256:${createHash('sha256').update(secret).digest('hex')}`;

let directory: TemporaryDirectory;
let service: ServiceProcess | undefined;
let checkFile: string;
let adminFile: string;
async function writeKeys(): Promise<void> {
  await writeFile(checkFile, `# Applications\n\napp=${OLD}\r\n`);
  await writeFile(adminFile, `ci:admin=${hashed(ADMIN)}\n`);
}
async function begin(): Promise<void> {
  directory = await temporaryDirectory();
  [checkFile, adminFile] = [join(directory.path, 'check.keys'), join(directory.path, 'admin.keys')];
  await writeKeys();
}
async function end(): Promise<void> {
  await service?.stop();
  service = undefined;
  await directory.remove();
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
  service = await ServiceProcess.start({
    env: { HOST: '0.0.0.0', SUNDIAL_CHECK_KEYS_FILE: checkFile, SUNDIAL_ADMIN_KEYS_FILE: adminFile, ...env },
  });
  return service;
}

function lines(): Record<string, unknown>[] {
  return service!.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const status = async (key: string) =>
  (await service!.fetchJson('POST', '/check', CHECK, { authorization: `Bearer ${key}` })).status;

/** Sends SIGHUP, and gives the line that says what came of it. */
async function hangUp(): Promise<Record<string, unknown>> {
  const answers = () => lines().filter(({ msg }) => String(msg).includes('the key files'));
  const before = answers().length;
  process.kill(service!.pid, 'SIGHUP');
  return eventually(() => answers()[before]);
}

describe('the keys that Compose makes', () => {
  beforeEach(begin);
  afterEach(end);

  it('are keys to a service, each with a name of its own', () => {
    const script = fileURLToPath(new URL('../../deploy/compose/make-secrets.sh', import.meta.url));
    for (const file of [checkFile, adminFile]) rmSync(file);
    expect(spawnSync('sh', [script, directory.path, directory.path]).status).toBe(0);
    const { checkKeys, adminKeys } = readSettings({
      HOST: '0.0.0.0',
      SUNDIAL_CHECK_KEYS_FILE: checkFile,
      SUNDIAL_ADMIN_KEYS_FILE: adminFile,
    });
    expect([checkKeys, adminKeys].map((keys) => keys.map(({ actor }) => actor))).toEqual([
      ['compose-check'],
      ['compose-admin'],
    ]);
  });
});

describe('keys in files', () => {
  beforeEach(begin);
  afterEach(end);

  it('open what they say, also where only their digests are there, and name who changed a rule', async () => {
    const { fetchJson } = await start();
    expect([await status(OLD), await status(ADMIN), await status(NEW)]).toEqual([200, 200, 401]);
    // The digest itself opens nothing.
    expect(await status(hashed(ADMIN))).toBe(401);
    const authorization = `Bearer ${ADMIN}`;
    await fetchJson.call(
      service,
      'PATCH',
      '/admin/rules/ocr-per-user',
      { description: 'x' },
      { authorization },
    );
    await eventually(() => service!.stdout.includes('"actor":"ci"'));
    expect(service!.output).not.toContain(ADMIN);
  });

  it('are replaced without a restart', async () => {
    await start();
    await writeFile(checkFile, `app=${OLD}\napp-2=${NEW}\n`);
    expect(await hangUp()).toMatchObject({ level: 30, checkKeys: 2, adminKeys: 1 });
    expect([await status(OLD), await status(NEW)]).toEqual([200, 200]);
    await writeFile(checkFile, `app-2=${NEW}\n`);
    await hangUp();
    expect([await status(OLD), await status(NEW), await status(ADMIN)]).toEqual([401, 200, 200]);
  });

  it('say who asks, by the names that are in force', async () => {
    await start({ LOG_LEVEL: 'debug' });
    await status(OLD);
    await writeFile(checkFile, `${NEW}\npupils=${OLD}\n`);
    await hangUp();
    await status(OLD);
    await status(NEW);
    await status(ADMIN);
    const actors = await eventually(() => {
      const asked = lines().filter(({ route }) => route === '/check');
      return asked.length === 4 && asked.map(({ actor }) => actor);
    });
    expect(actors).toEqual(['app', 'pupils', 'key-1', 'ci']);
  });

  it('keep the service from starting when they are wrong, beside all other errors', async () => {
    await writeFile(checkFile, 'a:viewer=x\nb=\n');
    service = await ServiceProcess.launch({
      env: { PORT: 'x', SUNDIAL_CHECK_KEYS_FILE: checkFile, SUNDIAL_ADMIN_KEYS: 'c:boss=secret' },
    });
    expect(await service.exit).toBe(1);
    expect(service.stderr.split('\n')).toEqual([
      'Sundial did not start:',
      'PORT="x" must be an integer from 0 to 65535',
      expect.stringMatching(/^SUNDIAL_CHECK_KEYS_FILE=.*: line 1 has a role: .*; line 2 is empty$/),
      expect.stringMatching(
        /^SUNDIAL_ADMIN_KEYS must .*: entry 1 has a role that is none of viewer, operator, admin/,
      ),
      '',
    ]);
  });
});

describe('keys in files that are damaged while the service runs', () => {
  beforeAll(async () => {
    await begin();
    await start();
  });
  beforeEach(writeKeys);
  afterAll(end);

  it.each<[string, (file: string) => Promise<void>]>([
    ['damaged', (file) => writeFile(file, `app=${NEW}\nKaputt=x\n`)],
    ['one with a name twice', (file) => writeFile(file, `app=${OLD}\napp=${NEW}\n`)],
    ['empty', (file) => writeFile(file, '# none\n')],
    ['gone', (file) => rm(file)],
    ['one with a key that can be guessed', (file) => writeFile(file, 'app=short')],
    ['huge', (file) => writeFile(file, '#'.repeat(70_000))],
  ])('stay as they were where their file is %s, which is said', async (_what, damage) => {
    await damage(checkFile);
    expect(await hangUp()).toMatchObject({
      level: 50,
      errors: [expect.stringContaining('SUNDIAL_CHECK_KEYS_FILE=')],
      msg: expect.stringContaining('the old keys stay in force'),
    });
    expect([await status(OLD), await status(NEW), await status(ADMIN)]).toEqual([200, 401, 200]);
    expect(service!.output).not.toContain(NEW);
  });
});
