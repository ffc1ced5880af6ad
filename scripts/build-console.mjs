import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Builds the console into `apps/console/dist`, unless what it is made of has not changed. Without Vite (`npm ci --omit=dev`) it
 * does nothing: the service runs without a console, and says how to get it. With `--at-install` (npm's `prepare`) a build that
 * fails is a warning: the packages are installed all the same.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONSOLE = join(ROOT, 'apps/console');
const MARK = join(CONSOLE, 'dist/.sources');

const vite = resolveVite();
try {
  if (vite !== undefined) await build(vite);
} catch (error) {
  if (!process.argv.includes('--at-install')) throw error;
  process.stderr.write(`The console was not built; "npm run build" tries again. ${String(error)}\n`);
}

function resolveVite() {
  try {
    return createRequire(join(CONSOLE, 'package.json')).resolve('vite');
  } catch {
    return undefined;
  }
}

/** @param {string} path */
async function build(path) {
  const sources = digest();
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === sources) return;
  const { build } = await import(pathToFileURL(path).href);
  await build({ root: CONSOLE, configFile: join(CONSOLE, 'vite.config.mjs'), logLevel: 'warn' });
  writeFileSync(MARK, sources);
}

/** Of every file that the page is made of, and of the versions of the packages in it. */
function digest() {
  const hash = createHash('sha256');
  const files = readdirSync(join(CONSOLE, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(CONSOLE, 'src', name))
    .filter((file) => statSync(file).isFile() && !file.endsWith('.gen.d.ts'))
    .sort();
  const others = ['index.html', 'vite.config.mjs', 'package.json'].map((name) => join(CONSOLE, name));
  for (const file of [...files, ...others, join(ROOT, 'package-lock.json')])
    hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}
