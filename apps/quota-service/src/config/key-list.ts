import { readFileSync, statSync } from 'node:fs';
import { parseKey, type Access, type KeyEntry } from './key.js';

/** Every request that brings a key is compared with all of them. */
const MAX_KEYS = 100;
/** 100 entries with the longest names and secrets, and comments. */
const MAX_FILE_BYTES = 64 * 1024;

export interface ListedKey extends KeyEntry {
  /** Where in its list it stands, for messages. */
  readonly place: string;
}

export interface KeyList {
  readonly keys: readonly ListedKey[];
  /** What is wrong, without a word of the keys. */
  readonly errors: readonly string[];
}

/** Keys separated by commas, as a variable holds them. */
export function keysIn(text: string, access: Exclude<Access, 'open'>): KeyList {
  return parse(
    text.split(',').map((entry, index) => ({ entry: entry.trim(), place: `entry ${index + 1}` })),
    access,
  );
}

/** Keys of a file: one a line, or separated by commas; empty lines, and lines that begin with #, are passed over. */
export function keysInFile(path: string, access: Exclude<Access, 'open'>): KeyList {
  let text: string;
  try {
    if (statSync(path).size > MAX_FILE_BYTES)
      return { keys: [], errors: [`is larger than ${MAX_FILE_BYTES} bytes`] };
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { keys: [], errors: [`cannot be read (${(error as NodeJS.ErrnoException).code})`] };
  }
  const entries = text
    .split(/\r?\n/)
    .flatMap((line, index) =>
      /^\s*(#|$)/.test(line)
        ? []
        : line.split(',').map((entry) => ({ entry: entry.trim(), place: `line ${index + 1}` })),
    );
  if (entries.length === 0) return { keys: [], errors: ['holds no key'] };
  return parse(entries, access);
}

function parse(
  entries: readonly { readonly entry: string; readonly place: string }[],
  access: Exclude<Access, 'open'>,
): KeyList {
  if (entries.length > MAX_KEYS)
    return { keys: [], errors: [`holds ${entries.length} keys, and ${MAX_KEYS} are the most`] };
  const placeOf = new Map<string, string>();
  const keys: ListedKey[] = [];
  const errors: string[] = [];
  for (const { entry, place } of entries) {
    const key = parseKey(entry, access);
    if (typeof key === 'string') {
      errors.push(`${place} ${key}`);
      continue;
    }
    const digest = key.digest.toString('hex');
    const other = placeOf.get(digest);
    if (other === undefined) placeOf.set(digest, place);
    else errors.push(`${place} is the same key as ${other}`);
    keys.push({ ...key, place });
  }
  return { keys, errors };
}
