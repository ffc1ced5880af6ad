import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { PACKAGES } from './published-packages.mjs';
import { partingsOfFiles } from './readme-translations.mjs';

/** Compares translated READMEs with their originals, and compiles the TypeScript of every package's README, as a strict ES module that has the packages installed. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLE = /^```ts\n(.*?)^```$/gms;

/** Examples by the name of the file they would be: in `test/`, where every package and Jest is found. */
const examples = new Map(
  [...PACKAGES, 'libs/ledger', 'apps/quota-service'].flatMap((folder) => {
    const readme = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
    return [...readme.matchAll(EXAMPLE)].map(([, text = ''], index) => {
      const name = `${folder.replaceAll('/', '-')}-readme-example-${index + 1}.ts`;
      return /** @type {const} */ ([join(ROOT, 'test', name), text]);
    });
  }),
);

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(
  { ...config.compilerOptions, composite: false, declaration: false, noEmit: true },
  ROOT,
);
const disk = ts.createCompilerHost(options);
/** @type {ts.CompilerHost} */
const host = {
  ...disk,
  fileExists: (name) => examples.has(name) || disk.fileExists(name),
  readFile: (name) => examples.get(name) ?? disk.readFile(name),
  getSourceFile: (name, version, ...rest) => {
    const text = examples.get(name);
    if (text === undefined) return disk.getSourceFile(name, version, ...rest);
    return ts.createSourceFile(name, text, version);
  },
};

const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([...examples.keys()], options, host));
if (examples.size < PACKAGES.length || diagnostics.length > 0) {
  process.stderr.write(ts.formatDiagnosticsWithColorAndContext(diagnostics, host));
  process.stderr.write(`${examples.size} examples in READMEs, ${diagnostics.length} errors\n`);
  process.exitCode = 1;
}

for (const parting of partingsOfFiles('README.md', 'README.zh-CN.md')) {
  process.stderr.write(`${parting}\n`);
  process.exitCode = 1;
}
