import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Project } from './project.js';

describe('a program that has the engine and nothing else of Sundial', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install(['engine', 'contract']);
  }, 120_000);
  afterAll(() => project?.remove());

  const BODY = `
    const rule = parseRule({ id: 'r', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 1 }] });
    const rules = new LiveRules(new RuleBook(1, [rule]));
    MemoryStore.open().then(async (store) => {
      const engine = new QuotaEngine({ runner: new DirectRunner(store), rules });
      const ask = async () => (await engine.check({ resource: 'ocr', subject: { user: 'u1' } })).allowed;
      console.log(await ask(), await ask());
      await engine.close();
    });`;
  const NAMES = '{ DirectRunner, LiveRules, MemoryStore, parseRule, QuotaEngine, RuleBook }';

  it.each([
    ['an ES module', 'program.mjs', `import ${NAMES} from '@sundial/engine'`],
    ['CommonJS', 'program.cjs', `const ${NAMES} = require('@sundial/engine')`],
    [
      'CommonJS that loads the CommonJS build',
      'old.cjs',
      `const ${NAMES} = require('./node_modules/@sundial/engine/cjs')`,
    ],
  ])('decides in its process, as %s', async (_, file, first) => {
    await project.write(file, `${first};${BODY}`);
    expect(await project.node(file)).toEqual({ stdout: 'true false\n', stderr: '' });
  });

  it('has one instance of each class, by whatever way it loads them', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import * as imported from '@sundial/contract';
      const required = createRequire(import.meta.url)('@sundial/contract');
      console.log(required.QuotaError === imported.QuotaError);`;
    await project.write('instances.mjs', program);
    expect(await project.node('instances.mjs')).toEqual({ stdout: 'true\n', stderr: '' });
  });
});

describe('a strict program that has the client alone', () => {
  let project: Project;
  beforeAll(async () => {
    project = await Project.install(['client', 'contract']);
  }, 120_000);
  afterAll(() => project?.remove());

  it.each(['mts', 'cts'])('has real types, with every declaration checked, in program.%s', async (kind) => {
    const program = `
      import { QuotaClient, type Decision } from '@sundial/client';
      const decision: Promise<Decision> = new QuotaClient({ url: 'http://127.0.0.1' }).check({ resource: 'ocr', subject: {} });
      export const used: Promise<number> = decision.then(({ limits }) => limits[0]!.used);
      export const nonsense = decision.then((it) => it.nonsense);`;
    await project.write(`program.${kind}`, program);
    const mistakes = await project.mistakes('--noEmit', '--module', 'nodenext', `program.${kind}`);
    expect(mistakes).toMatch(/^program\.[cm]ts\(5,\d+\): error TS2339: Property 'nonsense'[^\n]*\n$/);
  });
});
