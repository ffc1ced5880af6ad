import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * An ESLint plugin with one rule, `acyclic`: the folders of a package's `src` form layers. No folder imports one that
 * imports it, directly or over others; a folder and the one it lies in are two folders. Imports of types count: who
 * moves a folder has to move what its types need. Imports of specs don't. The package's entry points (`src/index.ts`,
 * `src/ports.ts`) stand above all folders, each by itself: they export from any of them, and none imports them.
 *
 * With `ground`, folders directly below `src`: what lies in one of these imports nothing beside them.
 *
 * @typedef {Map<string, Set<string>>} Graph Folders, relative to `src`, and the folders that each imports.
 */

/** An editor keeps ESLint running while files change; one run of the command line takes longer than it should read twice. */
const KNOWN_FOR_MS = 60_000;
const IMPORT = /^\s*(?:import|export)\b[^'";]*?(?:from\s*)?'(\.[^']*)'/gm;

/** Files of `src` that other packages import (`exports` of the package). */
const ENTRY_POINTS = new Set(['index.ts', 'ports.ts']);

/** @type {Map<string, { graph: Graph, readAt: number }>} */
const known = new Map();

/** @type {import('eslint').Rule.RuleModule} */
const acyclic = {
  meta: {
    type: 'problem',
    schema: [
      {
        type: 'object',
        properties: { ground: { type: 'array', items: { type: 'string' } } },
        additionalProperties: false,
      },
    ],
    messages: {
      circle: 'These folders import each other in a circle: {{circle}}. Move what both need below both.',
      ground: '{{folder}} is ground: it imports no feature, and {{imported}} is none of {{ground}}.',
    },
  },
  create(context) {
    const root = sourceRootOf(context.filename);
    if (root === undefined || context.filename.endsWith('.spec.ts')) return {};
    /** @type {readonly string[]} */
    const ground = context.options[0]?.ground ?? [];
    const folder = folderOf(root, context.filename);
    const graph = graphOf(root);
    /** @param {import('eslint').Rule.Node} node */
    const check = (node) => {
      const source = 'source' in node && node.source ? Reflect.get(node.source, 'value') : undefined;
      if (typeof source !== 'string' || !source.startsWith('.')) return;
      const imported = folderOf(root, resolve(dirname(context.filename), source));
      if (imported === folder || imported.startsWith('..')) return;
      const [from, to] = [topOf(folder), topOf(imported)];
      if (ground.includes(from) && !ground.includes(to))
        context.report({ node, messageId: 'ground', data: { folder, imported, ground: ground.join(', ') } });
      const way = wayFrom(graph, imported, folder);
      if (way) context.report({ node, messageId: 'circle', data: { circle: [folder, ...way].join(' → ') } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};

export const folderCircles = { rules: { acyclic } };

/** The folders from one to another along imports, both included; undefined where there is no way. */
function wayFrom(/** @type {Graph} */ graph, /** @type {string} */ start, /** @type {string} */ end) {
  /** @type {string[][]} */
  const ways = [[start]];
  const seen = new Set([start]);
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = /** @type {string} */ (way.at(-1));
    if (last === end) return way;
    for (const next of graph.get(last) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/** @returns {Graph} */
function graphOf(/** @type {string} */ root) {
  const now = performance.now();
  const before = known.get(root);
  if (before && now - before.readAt < KNOWN_FOR_MS) return before.graph;
  /** @type {Graph} */
  const graph = new Map();
  for (const file of sourcesIn(root)) {
    const folder = folderOf(root, file);
    const imports = graph.get(folder) ?? new Set();
    graph.set(folder, imports);
    for (const [, source = ''] of readFileSync(file, 'utf8').matchAll(IMPORT))
      imports.add(folderOf(root, resolve(dirname(file), source)));
    imports.delete(folder);
  }
  known.set(root, { graph, readAt: now });
  return graph;
}

function sourcesIn(/** @type {string} */ root) {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => join(root, name));
}

/** The innermost folder named `src` that a file lies in. */
function sourceRootOf(/** @type {string} */ file) {
  const at = file.lastIndexOf(`${sep}src${sep}`);
  return at < 0 ? undefined : file.slice(0, at + `${sep}src`.length);
}

function folderOf(/** @type {string} */ root, /** @type {string} */ file) {
  const name = relative(root, file).replace(/\.js$/, '.ts');
  if (ENTRY_POINTS.has(name)) return name;
  return relative(root, dirname(file)).replaceAll(sep, '/') || '.';
}

function topOf(/** @type {string} */ folder) {
  return folder.split('/', 1)[0] ?? folder;
}
