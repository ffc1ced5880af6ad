import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';

/** Where `npm run build` puts the page; `src` and `dist` are equally deep. */
const BUILT = new URL('../../../console/dist/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file of the page. All answers share its bytes: a caller who asks often and reads nothing costs no copies. */
interface ConsoleFile {
  readonly type: string;
  readonly bytes: Buffer;
}

export interface ConsoleFiles {
  readonly page: ConsoleFile;
  /** By their hashed names. */
  readonly assets: ReadonlyMap<string, ConsoleFile>;
}

export function isConsoleBuilt(from = BUILT): boolean {
  return existsSync(new URL('index.html', from));
}

/** The page as it was built, read once; undefined where it was not built. No file outside of that folder has a name here. */
export async function readConsole(from = BUILT): Promise<ConsoleFiles | undefined> {
  const page = await readFile(new URL('index.html', from), 'utf8').catch(() => undefined);
  if (page === undefined) return undefined;
  const names = await readdir(new URL('assets/', from));
  const assets = await Promise.all(
    names.map(async (name): Promise<[string, ConsoleFile]> => {
      const bytes = await readFile(new URL(`assets/${name}`, from));
      return [name, { type: TYPES[extname(name)] ?? 'application/octet-stream', bytes }];
    }),
  );
  // The page is `…/console`, and what it names lies in `…/console/`.
  const bytes = Buffer.from(page.replaceAll('./assets/', 'console/assets/'));
  return { page: { type: 'text/html; charset=utf-8', bytes }, assets: new Map(assets) };
}
