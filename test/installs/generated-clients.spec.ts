import { execFile, spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceProcess } from '../support/service-process.js';
import { Project } from './project.js';

const run = promisify(execFile);
const KEY = 'an-admin-key-of-the-test';
/** What each client's program prints (`projects/`), whatever its language. */
const reported = (language: string) => ({
  written: language,
  allowed: true,
  refused: [false, 'limit-reached', true],
  usage: [1, 0],
  windows: ['day', 5],
  batch: [false, true],
  wrong: [400, 'invalid-request', ['subject.grade']],
  unknown: [404, 'rule-not-found'],
});

let service: ServiceProcess;
let document: string;
beforeAll(async () => {
  service = await ServiceProcess.start({ env: { SUNDIAL_ADMIN_KEYS: KEY, SUNDIAL_LAME_DUCK_MS: '0' } });
  document = JSON.stringify((await service.fetchJson('GET', '/openapi.json')).body);
});
afterAll(() => service?.stop());

describe('a TypeScript client that is generated from /openapi.json', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install([], ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0']);
  }, 60_000);
  afterAll(() => project?.remove());

  it('compiles strictly, and asks the running service', async () => {
    await project.write('openapi.json', document);
    await project.node(
      'node_modules/openapi-typescript/bin/cli.js',
      'openapi.json',
      '--output',
      'schema.d.ts',
    );
    await project.copy('generated-client.txt', 'client.mts');
    expect(await project.errors('--module', 'nodenext', 'client.mts')).toBe('');
    const { stdout } = await project.node('client.mjs', service.url, KEY);
    expect(JSON.parse(stdout)).toEqual(reported('typescript'));
  });
});

/** A machine that has only Node.js and npm tries the one in TypeScript. */
const hasPython =
  spawnSync('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))']).status ===
  0;
if (hasPython) {
  describe('a Python client that is generated from /openapi.json', () => {
    let project: Project;
    let python: string;
    beforeAll(async () => {
      project = await Project.install([]);
      python = join(project.directory, 'venv/bin/python');
      await run('python3', ['-m', 'venv', 'venv'], { cwd: project.directory });
      const flags = ['--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
      await run(python, ['-m', 'pip', 'install', ...flags, 'openapi-python-client==0.29.1'], {
        cwd: project.directory,
      });
    }, 60_000);
    afterAll(() => project?.remove());

    it('has one class a thing, and asks the running service', async () => {
      await project.write('openapi.json', document);
      await project.write('generator.yml', 'post_hooks: []\n');
      const flags = [
        '--path',
        'openapi.json',
        '--config',
        'generator.yml',
        '--meta',
        'none',
        '--fail-on-warning',
      ];
      await run(
        python,
        ['-m', 'openapi_python_client', 'generate', ...flags, '--output-path', 'quota_client'],
        {
          cwd: project.directory,
        },
      );
      const classes = await readdir(join(project.directory, 'quota_client/models'));
      expect(classes).toEqual(expect.arrayContaining(['decision.py', 'limit.py', 'rule.py', 'on_deny.py']));
      expect(classes.filter((file) => /\d\.py$/.test(file))).toEqual([]);

      await project.copy('generated_client.py', 'client.py');
      const { stdout } = await run(python, ['client.py', service.url, KEY], { cwd: project.directory });
      expect(JSON.parse(stdout)).toEqual(reported('python'));
    });
  });
} else {
  console.warn('No python3 (3.10 or newer, with venv) is here: the generated Python client is not tried.');
}
