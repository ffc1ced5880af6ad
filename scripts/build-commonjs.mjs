import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { PACKAGES } from './published-packages.mjs';

/**
 * Writes `cjs/` beside the `dist/` of every published package: the same modules for consumers that cannot load ES
 * modules (Jest's CommonJS runtime). Types were checked by `tsc -b`, whose declarations it copies; `isolatedModules`
 * makes a file by file translation safe. Both folders lie equally deep, so that URLs relative to a module hold in both.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
const COMMONJS = { ...options, module: ts.ModuleKind.CommonJS, composite: false, declaration: false };
const THIS_MODULE = 'require("node:url").pathToFileURL(__filename).href';

await Promise.all(PACKAGES.map((folder) => build(join(ROOT, folder))));

/** @param {string} folder */
async function build(folder) {
  await rm(join(folder, 'cjs'), { recursive: true, force: true });
  await mkdir(join(folder, 'cjs'));
  await writeFile(join(folder, 'cjs/package.json'), '{ "type": "commonjs" }\n');
  for (const declaration of await filesIn(join(folder, 'dist'), '.d.ts')) {
    const source = join(folder, 'src', declaration.replace(/\.d\.ts$/, '.ts'));
    const text = await readFile(source, 'utf8').catch(() => undefined);
    // What an earlier build left in dist for a source that is gone.
    if (text === undefined) continue;
    const target = join(folder, 'cjs', declaration);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(folder, 'dist', declaration), target);
    await translate(source, text, target.replace(/\.d\.ts$/, '.js'));
  }
}

/**
 * @param {string} source
 * @param {string} text
 * @param {string} target
 */
async function translate(source, text, target) {
  const { outputText, sourceMapText = '' } = ts.transpileModule(text, {
    compilerOptions: COMMONJS,
    fileName: basename(source),
  });
  const map = { ...JSON.parse(sourceMapText), sources: [relative(dirname(target), source)] };
  await writeFile(target, outputText.replaceAll('import.meta.url', THIS_MODULE));
  await writeFile(`${target}.map`, JSON.stringify(map));
}

/**
 * @param {string} folder
 * @param {string} ending
 */
async function filesIn(folder, ending) {
  const files = await readdir(folder, { recursive: true });
  return files.filter((file) => file.endsWith(ending));
}
