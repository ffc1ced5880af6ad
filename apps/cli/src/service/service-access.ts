import { readFileSync } from 'node:fs';
import { CliError, reasonOf } from '../terminal/cli-error.js';

/** Where a service is, and the keys it wants. */
export interface ServiceAccess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly adminKey?: string;
  /** For calls as a program makes them; an admin key may do everything. */
  readonly checkKey?: string;
}

/** The options of every command that asks a service, as commander gives them. */
export interface AccessOptions {
  readonly url?: string;
  readonly key?: string;
  readonly keyFile?: string;
  /** Of commands that do both what programs do and what operators do. */
  readonly checkKey?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a header can carry. The message of `fetch` about another one would show it. */
const KEY = /^[\x21-\x7e]{1,1024}$/;

/** @throws CliError for an address or a key that can never work. */
export function accessOf(options: AccessOptions, env: Environment): ServiceAccess {
  const adminKey = keyOf(options, env);
  const checkKey = checked(options.checkKey ?? (env['SUNDIAL_CHECK_KEY'] || adminKey), 'check key');
  const url = options.url ?? (env['SUNDIAL_URL'] || undefined);
  if (url === undefined)
    throw new CliError('Where is the service? Give --url http://localhost:3000, or set SUNDIAL_URL.');
  return {
    url: addressOf(url),
    ...(adminKey !== undefined && { adminKey }),
    ...(checkKey !== undefined && { checkKey }),
  };
}

/** @throws CliError where it is no address of a service. */
export function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError(`"${text}" is no address of a service: write it like http://localhost:3000.`);
  }
  if (url.username || url.password || url.search || url.hash) {
    const shown = `${url.protocol}//${url.host}${url.pathname}`;
    throw new CliError(
      `The address of ${shown} must hold no user name, query or fragment: keys belong into SUNDIAL_KEY.`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function keyOf({ key, keyFile }: AccessOptions, env: Environment): string | undefined {
  if (key !== undefined && keyFile !== undefined)
    throw new CliError('Give --key or --key-file, not both: they may differ.');
  if (keyFile !== undefined) return checked(readKey(keyFile), `key in ${keyFile}`);
  return checked(key ?? (env['SUNDIAL_KEY'] || undefined), 'key');
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError(`--key-file ${file} can't be read: ${reasonOf(error)}.`);
  }
}

/** Names what holds the key, and never the key. */
function checked(key: string | undefined, what: string): string | undefined {
  if (key === undefined || KEY.test(key)) return key;
  throw new CliError(
    `The ${what} is empty, longer than 1,024 characters, or has spaces or characters that no key has.`,
  );
}
