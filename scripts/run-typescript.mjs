import { transform } from '@swc/core';
import { access, readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded into a Node process (`node --import`): it runs the TypeScript of `test/` as it stands, by the compiler and
 * the settings (.swcrc) that Jest uses, so that a program there needs no build of its own.
 */
if (isMainThread) register(import.meta.url);

/**
 * `./x.js` names `./x.ts` where only that exists.
 * @type {import('node:module').ResolveHook}
 */
export async function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || !specifier.endsWith('.js')) return next(specifier, context);
  const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
  const isThere = await access(source).then(
    () => true,
    () => false,
  );
  return isThere ? { url: source.href, format: 'module', shortCircuit: true } : next(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), { filename });
  return { format: 'module', source: code, shortCircuit: true };
}
