import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Project } from './project.js';

const OURS = [
  'lua',
  'contract',
  'engine',
  'redis',
  'resilience',
  'embedded',
  'receipts',
  'tracing',
  'client',
  'nest',
];
const TS_JEST = createRequire(import.meta.url).resolve('ts-jest');

/** Modules by `moduleResolution`: what the compiler is given, and the file that it then reads. */
const RESOLUTIONS = [
  ['node', 'imports.ts', '--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0'],
  ['node16, ES modules', 'imports.mts', '--module node16'],
  ['node16, CommonJS', 'imports.cts', '--module node16'],
  ['nodenext, ES modules', 'imports.mts', '--module nodenext'],
  ['nodenext, CommonJS', 'imports.cts', '--module nodenext'],
  ['bundler', 'imports.ts', '--module esnext --moduleResolution bundler'],
] as const;

/** As `nest new` has it: what is `async` stays so, and what returns a promise says so. */
const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

interface Output {
  readonly answers: readonly { readonly status: number; readonly type: string; readonly text: string }[];
  readonly health: unknown;
  readonly warnings: readonly unknown[];
}

async function recipe(): Promise<string> {
  const readme = await readFile(new URL('../../libs/nest/README.md', import.meta.url), 'utf8');
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)]
    .map(([, text]) => text!)
    .find((it) => it.includes('FakeQuota'))!;
}

/** What holds on every Nest and adapter, and what holds on some. */
export function nestInstallContract(major: 11 | 12, platform: 'express' | 'fastify'): void {
  let project: Project;
  beforeAll(async () => {
    const nest = ['common', 'core', 'testing', `platform-${platform}`].map(
      (name) => `@nestjs/${name}@${major}`,
    );
    const others = [...nest, 'reflect-metadata', 'rxjs'];
    project = await Project.install(
      OURS,
      platform === 'express' && major === 12 ? [...others, 'vitest@4'] : others,
    );
  }, 240_000);
  afterAll(() => project?.remove());

  it.each(['mts', 'cts'])(
    'has Sundial inside: it counts, refuses with a problem and no warning, and knows after a restart, as application.%s',
    async (kind) => {
      const adapter = platform === 'express' ? 'Express' : 'Fastify';
      await project.copy('application.txt', `application.${kind}`);
      await project.replace(`application.${kind}`, { ADAPTER: adapter, PLATFORM: platform });
      expect(await project.errors('--module', 'nodenext', '--skipLibCheck', `application.${kind}`)).toBe('');
      const { stdout, stderr } = await project.node(`application.${kind.replace('ts', 'js')}`);
      expect(stderr).toBe('');
      const { answers, health, warnings } = JSON.parse(stdout) as Output;
      expect(warnings).toEqual([]);
      expect(answers.map(({ status }) => status)).toEqual([201, 429, 201, 429]);
      expect(answers.map(({ text }) => text)).toEqual(expect.arrayContaining(['used 1', 'used 2']));
      expect(answers[1]).toMatchObject({ type: 'application/problem+json' });
      expect(JSON.parse(answers[1]!.text)).toMatchObject({
        code: 'risk-limit-exceeded',
        onDeny: { action: 'recharge-vip' },
        retryAfterMs: expect.any(Number),
      });
      expect(health).toMatchObject({ sundial: { status: 'up', store: 'embedded', rulesVersion: 2 } });
    },
  );

  if (platform === 'fastify') {
    it.each(RESOLUTIONS)('has real types with moduleResolution %s', async (_, file, flags) => {
      await project.copy('imports.txt', file);
      const errors = await project.errors('--noEmit', '--skipLibCheck', ...flags.split(' '), file);
      expect(errors).toMatch(/^imports\.[cm]?ts\(\d+,\d+\): error TS2339: Property 'nonsense'[^\n]*\n$/);
    });
  }

  it("runs the README's recipe in Jest with ES modules", async () => {
    await project.write('speech.spec.ts', await recipe());
    const transform = {
      '\\.ts$': [TS_JEST, { useESM: true, diagnostics: false, tsconfig: COMPILER_OPTIONS }],
    };
    const config = { transform, testEnvironment: 'node', extensionsToTreatAsEsm: ['.ts'] };
    const { stderr } = await project.jest('--config', JSON.stringify(config));
    expect(stderr).toMatch(/Tests: +1 passed, 1 total/);
  });

  if (major === 11) {
    it("runs the README's recipe in Jest with CommonJS", async () => {
      await project.write('speech.spec.ts', await recipe());
      const tsconfig = { ...COMPILER_OPTIONS, module: 'commonjs' };
      const transform = { '\\.ts$': [TS_JEST, { diagnostics: false, tsconfig }] };
      const { stderr } = await project.jest(
        '--config',
        JSON.stringify({ transform, testEnvironment: 'node' }),
      );
      expect(stderr).toMatch(/Tests: +1 passed, 1 total/);
    });
  }

  if (major === 12 && platform === 'express') {
    it("runs the README's recipe in Vitest", async () => {
      await project.write('speech.spec.ts', (await recipe()).replace('@jest/globals', 'vitest'));
      await project.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
      const { stdout } = await project.node('node_modules/vitest/vitest.mjs', 'run', '--no-color');
      expect(stdout).toMatch(/Tests +1 passed/);
    });
  }
}
