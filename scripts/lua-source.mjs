import { readdirSync, readFileSync } from 'node:fs';

/** @typedef {{ file: string, line: number, text: string }} Line a line of a script, and where it stands */

const ROOT = new URL('../', import.meta.url);
const INCLUDE = /^-- @include (\S+)$/;

/**
 * The Lua files of a folder, as paths from the repository's root.
 * @param {string} folder
 */
export function luaFiles(folder) {
  const names = readdirSync(new URL(folder, ROOT)).filter((name) => name.endsWith('.lua'));
  return names.map((name) => `${folder}/${name}`);
}

/**
 * @param {string} file
 * @returns {Line[]}
 */
export function linesOf(file) {
  const lines = readFileSync(new URL(file, ROOT), 'utf8').trimEnd().split('\n');
  return lines.map((text, index) => ({ file, line: index + 1, text }));
}

/**
 * A file with its includes in place, each where it comes first: a script as Redis gets it (lua/src/index.ts does the
 * same).
 * @param {string} file
 * @param {Set<string>} [included]
 * @returns {Line[]}
 */
export function assembledLinesOf(file, included = new Set()) {
  return linesOf(file).flatMap((line) => {
    const include = INCLUDE.exec(line.text)?.[1];
    if (!include) return [line];
    if (included.has(include)) return [];
    included.add(include);
    return assembledLinesOf(`lua/${include}`, included);
  });
}
