import { actorAt, MIN_SECRET_LENGTH, type Key } from './key.js';
import { keysIn, keysInFile, type KeyList, type ListedKey } from './key-list.js';
import type { Environment } from './environment.js';
import { isLoopback } from './loopback.js';

export interface KeySettings {
  readonly checkKeys: readonly Key[];
  readonly adminKeys: readonly Key[];
  readonly errors: readonly string[];
}

/** In the order in which keys without a name are numbered. */
const SOURCES = [
  { access: 'check', variable: 'SUNDIAL_CHECK_KEYS', isFile: false },
  { access: 'check', variable: 'SUNDIAL_CHECK_KEYS_FILE', isFile: true },
  { access: 'admin', variable: 'SUNDIAL_ADMIN_KEYS', isFile: false },
  { access: 'admin', variable: 'SUNDIAL_ADMIN_KEYS_FILE', isFile: true },
] as const;
type Source = (typeof SOURCES)[number];

/** The keys that variables and files give, with everything that is wrong with them. */
export function keySettings(environment: Environment): KeySettings {
  const actors = new Actors();
  const lists = SOURCES.map((source) => {
    const { keys: listed, errors } = listOf(source, environment);
    const keys = listed.map((key) => actors.assign(key, source.variable));
    const all = [...errors, ...keys.flatMap(({ error }) => error ?? []), ...guessable(listed, environment)];
    return {
      access: source.access,
      keys: keys.map(({ key }) => key),
      errors: all.length > 0 ? [`${requirement(source, environment)}: ${all.join('; ')}`] : [],
    };
  });
  const keysFor = (access: Source['access']) =>
    lists.filter((list) => list.access === access).flatMap(({ keys }) => keys);
  return {
    checkKeys: keysFor('check'),
    adminKeys: keysFor('admin'),
    errors: lists.flatMap(({ errors }) => errors),
  };
}

/** Gives each key an actor of its own: its name, or its position among all keys. */
class Actors {
  readonly #places = new Map<string, string>();
  #position = 0;

  assign(
    { name, place, digest, role, isShort }: ListedKey,
    variable: Source['variable'],
  ): { readonly key: Key; readonly error?: string } {
    this.#position++;
    const actor = name ?? actorAt(this.#position);
    const key = { actor, digest, isShort, ...(role && { role }) };
    const other = this.#places.get(actor);
    if (other !== undefined)
      return { key, error: `${place} has the name of ${other}: give each key a name of its own` };
    this.#places.set(actor, `${place} of ${variable}`);
    return { key };
  }
}

function listOf({ access, variable, isFile }: Source, environment: Environment): KeyList {
  const value = environment[variable];
  if (value === undefined) return { keys: [], errors: [] };
  return isFile ? keysInFile(value, access) : keysIn(value, access);
}

function entries(access: Source['access']): string {
  const label = access === 'admin' ? '[name[:role]=]' : '[name=]';
  return `${label}secret or ${label}sha256:<digest>`;
}

function requirement({ access, variable, isFile }: Source, environment: Environment): string {
  return isFile
    ? `${variable}=${JSON.stringify(environment[variable])} must name a file of keys, one a line, each as ${entries(access)}`
    : `${variable} must hold keys separated by commas, each as ${entries(access)}`;
}

function guessable(keys: readonly ListedKey[], { HOST }: Environment): string[] {
  const short = keys.filter(({ isShort }) => isShort).length;
  if (short === 0 || isLoopback(HOST)) return [];
  return [`${short} of them shorter than ${MIN_SECRET_LENGTH} characters, which others could guess`];
}
