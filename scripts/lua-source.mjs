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
 * A script as Redis gets it, what it includes in place (lua/src/index.ts does the same).
 * @param {string} file
 * @returns {Line[]}
 */
export function assembledLinesOf(file) {
  return linesOf(file).flatMap((line) => {
    const included = INCLUDE.exec(line.text)?.[1];
    return included ? assembledLinesOf(`lua/${included}`) : [line];
  });
}
