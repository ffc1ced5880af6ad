import { spawnSync } from 'node:child_process';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/ensure-redis.mjs', import.meta.url));

describe('ensure-redis', () => {
  let bin: TemporaryDirectory;
  beforeEach(async () => {
    bin = await temporaryDirectory();
  });
  afterEach(() => bin.remove());

  const program = async (name: string, text: string) => {
    await writeFile(join(bin.path, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin.path, name), 0o755);
  };
  const run = (env: Readonly<Record<string, string>> = {}) => {
    const settings = { PATH: bin.path, ...env };
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
      env: settings,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  it.each(['redis-server', 'valkey-server'])('is silent where %s is on PATH', async (name) => {
    await program(name, '');
    expect(run()).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('stops with one sentence where there is no server and no package manager', () => {
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^The tests need a real Redis: install redis-server or valkey-server .*\.\n$/);
  });

  it('installs a server with the package manager, its progress on stderr', async () => {
    await symlink('/usr/bin/env', join(bin.path, 'env'));
    const server = join(bin.path, 'redis-server');
    await program('brew', `echo "brew $*"; echo > ${server}; /bin/chmod +x ${server}`);
    expect(run()).toEqual({
      status: 0,
      stdout: '',
      stderr: 'Installing redis with brew.\nbrew install redis\n',
    });
  });

  it('tries the next name where the package manager does not know the first', async () => {
    await symlink('/usr/bin/env', join(bin.path, 'env'));
    const server = join(bin.path, 'valkey-server');
    await program('brew', `[ $2 = valkey ] || exit 1; echo > ${server}; /bin/chmod +x ${server}`);
    expect(run().status).toBe(0);
  });

  it('takes the server that SUNDIAL_REDIS_SERVER names and looks for no other', async () => {
    await program('redis-server', '');
    await program('mine', '');
    expect(run({ SUNDIAL_REDIS_SERVER: join(bin.path, 'mine') }).status).toBe(0);
    const { status, stderr } = run({ SUNDIAL_REDIS_SERVER: join(bin.path, 'lost') });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^SUNDIAL_REDIS_SERVER is ".*lost", which is not an executable file: .*\.\n$/);
  });
});
