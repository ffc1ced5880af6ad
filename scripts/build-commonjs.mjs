import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { PACKAGES } from './published-packages.mjs';

/**
 * Writes `cjs/` beside the `dist/` of every published package: the same modules for consumers that cannot load ES
 * modules (Jest's CommonJS runtime). Types were checked by `tsc -b`, whose declarations it copies; `isolatedModules`
 * makes a file by file translation safe. Both folders lie equally deep, so that URLs relative to a module hold in both.
 * A module whose translation is newer than its source and its declarations is left as it is.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
const COMMONJS = { ...options, module: ts.ModuleKind.CommonJS, composite: false, declaration: false };
const THIS_MODULE = 'require("node:url").pathToFileURL(__filename).href';

/** What decides how modules are translated. */
const TRANSLATOR_AT = Math.max(
  await changedAt(fileURLToPath(import.meta.url)),
  await changedAt(join(ROOT, 'tsconfig.base.json')),
);

await Promise.all(PACKAGES.map((folder) => build(join(ROOT, folder))));

/** @param {string} folder */
async function build(folder) {
  const cjs = join(folder, 'cjs');
  await mkdir(cjs, { recursive: true });
  await writeFile(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  const declarations = await filesIn(join(folder, 'dist'), '.d.ts');
  const current = new Set();
  for (const declaration of declarations) {
    const source = join(folder, 'src', declaration.replace(/\.d\.ts$/, '.ts'));
    const text = await readFile(source, 'utf8').catch(() => undefined);
    // What an earlier build left in dist for a source that is gone.
    if (text === undefined) continue;
    current.add(declaration);
    const [declared, target] = [join(folder, 'dist', declaration), join(cjs, declaration)];
    if (
      (await changedAt(target)) > Math.max(await changedAt(source), await changedAt(declared), TRANSLATOR_AT)
    )
      continue;
    await mkdir(dirname(target), { recursive: true });
    await translate(source, text, target.replace(/\.d\.ts$/, '.js'));
    // Last: a build that was broken off is done again.
    await copyFile(declared, target);
  }
  for (const declaration of await filesIn(cjs, '.d.ts'))
    if (!current.has(declaration)) await removeModule(join(cjs, declaration.replace(/\.d\.ts$/, '')));
}

/** @param {string} file */
async function changedAt(file) {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** @param {string} module without its ending */
async function removeModule(module) {
  for (const ending of ['.d.ts', '.js', '.js.map']) await rm(module + ending, { force: true });
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
