import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import bundleService from './service-bundle.mjs';

/**
 * `node scripts/start.mjs <folder> [--bundled]`: builds a program of this repository as far as it has changed, and becomes it. One
 * process, so that a signal reaches the program and not a shell around it.
 */
const folder = resolve(process.argv[2] ?? '.');
const compiler = fileURLToPath(new URL('../node_modules/typescript-7/bin/tsc', import.meta.url));
const { status } = spawnSync(process.execPath, [compiler, '-b', '--noCheck', folder], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const isBundled = process.argv.includes('--bundled');
if (isBundled) await bundleService();
await import(pathToFileURL(resolve(folder, isBundled ? 'dist/bundle/main.js' : 'dist/main.js')).href);
