import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The repository as a clone of it, where nothing is installed or built. */
let clone: string;
beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'sundial-clone-'));
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  for (const file of stdout.split('\0').filter(Boolean)) {
    await cp(join(ROOT, file), join(clone, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}, 60_000);
afterAll(() => rm(clone, { recursive: true, force: true }));

/** Whether no process of a group is left: npm ends before what it has started, which still writes into the clone. */
function isGone(group: number): boolean {
  try {
    return !process.kill(-group, 0);
  } catch {
    return true;
  }
}

it('a clone starts with `npm ci --omit=dev` and `npm start`, without a console, and says how to get it', async () => {
  await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    cwd: clone,
  });
  const port = await freePort();
  const service = spawn('npm', ['start'], {
    cwd: clone,
    env: { ...process.env, PORT: String(port), NODE_OPTIONS: '', NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(service, 'exit');
  let log = '';
  service.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  try {
    const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    await eventually(async () => (await ask('/health/ready')).ok, { withinMs: 100_000, everyMs: 100 });
    expect((await ask('/console')).status).toBe(404);
    expect(log).toContain('/console is not served: install all dependencies (npm ci) to have it');
    expect(log).not.toContain('Console: http');
  } finally {
    process.kill(-service.pid!, 'SIGTERM');
    await ended;
    await eventually(() => isGone(service.pid!), {
      withinMs: 10_000,
      what: 'the end of what npm has started',
    });
  }
}, 240_000);
