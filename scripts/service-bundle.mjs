import { decode, encode } from '@jridgewell/sourcemap-codec';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Bundles the built service into `apps/quota-service/dist/bundle/main.js`, unless what it is made of has not changed: Node finds, reads and
 * links a few files then, where the build and its packages are 3,000 of them (docs/adr/0027). Stack traces name the lines of the build.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVICE = join(ROOT, 'apps/quota-service');
const FOLDER = join(SERVICE, 'dist/bundle');
const MARK = join(FOLDER, '.sources');

/** Each file that Node starts, and the program in it. */
const PROGRAMS = {
  main: { name: 'service', built: join(SERVICE, 'dist/main.js') },
  'ledger-thread': { name: 'ledger', built: join(ROOT, 'libs/ledger/dist/threads/ledger-thread.js') },
};
/** They stay packages of their own: SQLite is native, and instrumentations of OpenTelemetry replace what a package exports. */
const DRIVERS = ['ioredis', 'libsql', 'pg'];
/**
 * What Nest asks for in case an application has them. This one has none, and those of the workspace's tests are not its own.
 * @type {Record<string, false>}
 */
const NOT_OURS = {
  '@nestjs/microservices': false,
  '@nestjs/microservices/microservices-module.js': false,
  '@nestjs/websockets/socket-module.js': false,
};
/** What Nest asks for in methods that the service does not call. */
const NEVER_LOADED = ['@fastify/multipart', '@fastify/static', '@fastify/view', '@nestjs/platform-express'];

/** Files of packages alone: one that only some services load, one that the ledger's threads load too, and the others. */
const PACKAGES = [
  { name: 'nodemailer', test: /[\\/]node_modules[\\/]nodemailer[\\/]/ },
  { name: 'kysely', test: /[\\/]node_modules[\\/]kysely[\\/]/ },
  { name: 'packages', test: /[\\/]node_modules[\\/]/ },
];

export default async function bundleService() {
  const sources = digest();
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === sources) return;
  rmSync(MARK, { force: true });
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: Object.fromEntries(Object.values(PROGRAMS).map(({ name, built }) => [name, built])),
    platform: 'node',
    external: [...DRIVERS, ...NEVER_LOADED],
    resolve: { alias: NOT_OURS },
    treeshake: { moduleSideEffects: [{ test: /^(?!.*[\\/]node_modules[\\/])/, sideEffects: false }] },
    plugins: [whereItIsBuilt(), linesOfTheBuild()],
    logLevel: 'warn',
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  await bundle.write({
    dir: FOLDER,
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name].js',
    // A thread that starts later finds its files, whatever was built meanwhile.
    chunkFileNames: '[name].js',
    codeSplitting: { groups: PACKAGES },
    keepNames: true,
    comments: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  for (const [file, { name }] of Object.entries(PROGRAMS))
    writeFileSync(
      join(FOLDER, `${file}.js`),
      `process.setSourceMapsEnabled(true);\nawait import('./${name}.js');\n`,
    );
  writeFileSync(MARK, sources);
}

/** A module that looks for files beside it finds those beside its build; only a thread's program is beside the bundle, too. */
function whereItIsBuilt() {
  return {
    name: 'where-it-is-built',
    transform: {
      filter: { id: { exclude: /[\\/]node_modules[\\/]|[\\/]start-thread\.js$/ }, code: 'import.meta.url' },
      /** @param {string} code @param {string} id */
      handler: (code, id) => ({
        code: code.replaceAll(
          'import.meta.url',
          `new URL(${JSON.stringify(place(id))}, import.meta.url).href`,
        ),
        map: null,
      }),
    },
  };
}

/**
 * Leaves of a source map which line of which built module each line is, and none of what is packages alone. Node reads a map with its file,
 * and parses it at the first stack trace, while checks wait: of all columns and packages that would be six times as long.
 */
function linesOfTheBuild() {
  return {
    name: 'lines-of-the-build',
    /** @param {unknown} _options @param {Record<string, any>} files */
    generateBundle(_options, files) {
      for (const [name, file] of Object.entries(files).filter(([name]) => name.endsWith('.js.map'))) {
        const map = JSON.parse(file.source);
        const ofBuild = map.sources.map((/** @type {string} */ source) => !source.includes('node_modules/'));
        if (ofBuild.includes(true)) {
          file.source = JSON.stringify({ ...map, names: [], mappings: linesOnly(map.mappings, ofBuild) });
          continue;
        }
        delete files[name];
        const chunk = files[name.replace(/\.map$/, '')];
        chunk.code = chunk.code.replace(/^\/\/# sourceMappingURL=.*$/m, '');
      }
    },
  };
}

/** @param {string} mappings @param {readonly boolean[]} ofBuild by source */
function linesOnly(mappings, ofBuild) {
  let isMapped = false;
  const lines = decode(mappings).map((segments) => {
    const first = segments.find(([, source]) => source !== undefined && ofBuild[source]);
    // A segment without a source ends what the one before it says of all lines after it.
    const kept = first ? [[0, ...first.slice(1, 4)]] : isMapped ? [[0]] : [];
    isMapped = first !== undefined;
    return kept;
  });
  return encode(/** @type {any} */ (lines));
}

/** @param {string} built */
function place(built) {
  return relative(FOLDER, built).replaceAll(sep, '/');
}

/** Of every built module of the workspace, of the versions of packages, and of this file. */
function digest() {
  const hash = createHash('sha256');
  const libraries = readdirSync(join(ROOT, 'libs')).map((name) => join(ROOT, 'libs', name));
  // Those of the libraries that the service has no need of may not be built.
  const folders = [SERVICE, join(ROOT, 'lua'), ...libraries].map((folder) => join(folder, 'dist'));
  const built = folders.filter(existsSync).flatMap(modulesIn);
  for (const file of [...built.sort(), join(ROOT, 'package-lock.json'), fileURLToPath(import.meta.url)])
    hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

/** @param {string} folder */
function modulesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !name.startsWith('bundle'))
    .map((name) => join(folder, name));
}
