import { readdirSync, readFileSync } from 'node:fs';

/** @typedef {{ file: string, line: number, text: string }} Line a line of a script, and where it stands */

const ROOT = new URL('../', import.meta.url);
const PART = /^-- @(?:include (\S+)|when-needed (\w+) (\S+))$/;

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
    const [, include, name, late = ''] = PART.exec(line.text) ?? [];
    const part = include ?? late;
    if (part === '') return [line];
    if (included.has(part)) return [];
    included.add(part);
    if (include !== undefined) return assembledLinesOf(`lua/${include}`, included);
    const at = (/** @type {string} */ text) => ({ ...line, text });
    return [
      ...[
        `local ${name}_made`,
        `local function ${name}()`,
        `  ${name}_made = ${name}_made or (function()`,
      ].map(at),
      ...assembledLinesOf(`lua/${late}`, new Set(included)),
      ...['end)()', `  return ${name}_made`, 'end'].map(at),
    ];
  });
}
