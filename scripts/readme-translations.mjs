import { readFileSync } from 'node:fs';

/** A fenced block: its language and its text. */
const BLOCK = /^```(\w*)\n(.*?)^```$/gms;
/** What a reader copies, or follows, in the prose. */
const COPIED = /`([^`\n]+)`|\]\(([^)\s]+)\)|<(https?:[^>]+)>/g;
/** Of YAML: they are translated. */
const COMMENT = /[ \t]+#.*$/gm;

/**
 * Where a translated README parts from the original: its code blocks in order (comments aside), and the commands, names and links of its
 * prose in any order, since sentences are built differently.
 * @param {string} original
 * @param {string} translated
 * @returns {string[]} What differs, a line each.
 */
export function partings(original, translated) {
  const [ours, theirs] = [blocksOf(original), blocksOf(translated)];
  const blocks = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) =>
    ours[index] === theirs[index]
      ? []
      : [`code block ${index + 1}: ${firstDifference(ours[index], theirs[index])}`],
  );
  const [copied, copiedThere] = [copiedIn(original), copiedIn(translated)];
  return [
    ...blocks.flat(),
    ...[...copied].filter((text) => !copiedThere.has(text)).map((text) => `only in the original: ${text}`),
    ...[...copiedThere].filter((text) => !copied.has(text)).map((text) => `only in the translation: ${text}`),
  ];
}

/**
 * @param {string} name of the original, e.g. `README.md`
 * @param {string} translation e.g. `README.zh-CN.md`
 */
export function partingsOfFiles(name, translation) {
  const read = (/** @type {string} */ file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const [original, translated] = [read(name), read(translation)];
  const links = [
    ...(original.includes(`](${translation})`) ? [] : [`${name} has no link to ${translation}`]),
    ...(translated.includes(`](${name})`) ? [] : [`${translation} has no link to ${name}`]),
  ];
  const alike = translated.replaceAll(`](${name})`, `](${translation})`);
  return [...links, ...partings(original, alike)].map((parting) => `${translation}: ${parting}`);
}

/** @param {string} text */
function blocksOf(text) {
  return [...text.matchAll(BLOCK)].map(
    ([, language, code = '']) => `${language}\n${code.replace(COMMENT, '')}`,
  );
}

/** Pictures of the console are those of the reader's language. @param {string} text */
function copiedIn(text) {
  const prose = text.replace(BLOCK, '');
  const found = [...prose.matchAll(COPIED)].map(([, code, link, address]) => code ?? link ?? address ?? '');
  return new Set(found.map((each) => each.replace(/^(docs\/console\/.*)-zh-/, '$1-en-')));
}

/**
 * @param {string | undefined} ours
 * @param {string | undefined} theirs
 */
function firstDifference(ours, theirs) {
  if (ours === undefined) return 'the original has none';
  if (theirs === undefined) return 'the translation has none';
  const lines = theirs.split('\n');
  const index = ours.split('\n').findIndex((line, at) => line !== lines[at]);
  return `"${ours.split('\n')[index] ?? ''}" is "${lines[index] ?? ''}"`;
}
