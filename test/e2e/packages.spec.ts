import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORKSPACES = [
  'lua',
  ...['contract', 'engine', 'redis', 'resilience', 'client', 'nest'].map((name) => `libs/${name}`),
];

/** Below `node_modules`, so that what the packages depend on is found there, and the packages themselves are not links. */
let project: string;
beforeAll(async () => {
  await mkdir(join(ROOT, 'node_modules/.cache'), { recursive: true });
  project = await mkdtemp(join(ROOT, 'node_modules/.cache/packed-'));
  const chosen = WORKSPACES.flatMap((workspace) => ['--workspace', workspace]);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project, ...chosen], { cwd: ROOT });
  for (const archive of await readdir(project)) {
    const folder = join(project, 'node_modules/@sundial', /^sundial-([a-z]+)-/.exec(archive)![1]!);
    await mkdir(folder, { recursive: true });
    await run('tar', ['-xzf', join(project, archive), '-C', folder, '--strip-components', '1']);
  }
}, 60_000);
afterAll(() => rm(project, { recursive: true, force: true }));

async function runInProject(program: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: project,
  });
  return stdout.trim();
}

describe('the packages, installed from their archives', () => {
  it('decide in the process of a program that has nothing else of Sundial', async () => {
    const answer = await runInProject(`
      import { DirectRunner, LiveRules, MemoryStore, parseRule, QuotaEngine, RuleBook } from '@sundial/engine';
      const rule = parseRule({ id: 'r', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 1 }] });
      const rules = new LiveRules(new RuleBook(1, [rule]));
      const engine = new QuotaEngine({ runner: new DirectRunner(await MemoryStore.open()), rules });
      const ask = () => engine.check({ resource: 'ocr', subject: { user: 'u1' } });
      console.log((await ask()).allowed, (await ask()).allowed);
      await engine.close();`);
    expect(answer).toBe('true false');
  });

  it('offer the client and the decorator', async () => {
    const answer = await runInProject(`
      import { QuotaClient } from '@sundial/client';
      import { QuotaModule, RiskLimit, Subject } from '@sundial/nest';
      console.log([QuotaClient, QuotaModule, RiskLimit, Subject].map((each) => typeof each).join(' '));`);
    expect(answer).toBe('function function function function');
  });

  it('give a strict program that has the client alone real types', async () => {
    const stranger = await mkdtemp(join(tmpdir(), 'sundial-stranger-'));
    try {
      for (const name of ['client', 'contract'])
        await cp(
          join(project, 'node_modules/@sundial', name),
          join(stranger, 'node_modules/@sundial', name),
          {
            recursive: true,
          },
        );
      const program = `
        import { QuotaClient, type Decision } from '@sundial/client';
        const decision: Decision = await new QuotaClient({ url: 'http://127.0.0.1' }).check({ resource: 'ocr', subject: { user: 'u1' } });
        const used: number = decision.limits[0]!.used;
        console.log(used, decision.nonsense);`;
      await writeFile(join(stranger, 'program.mts'), program);
      const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const compiled = run(process.execPath, [tsc, ...flags, 'program.mts'], { cwd: stranger });
      await expect(compiled).rejects.toMatchObject({
        stdout: expect.stringMatching(/^program\.mts\(5,36\): error TS2339: Property 'nonsense'[^\n]*\n$/),
      });
    } finally {
      await rm(stranger, { recursive: true, force: true });
    }
  });

  it('hold nothing that only the build reads', async () => {
    const files = await readdir(join(project, 'node_modules/@sundial'), { recursive: true });
    expect(files).toContain('engine/dist/index.js');
    expect(files.filter((file) => /tsbuildinfo|\.spec\./.test(file))).toEqual([]);
  });
});
