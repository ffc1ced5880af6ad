import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What all threads of a process had loaded that has ended and had `NODE_V8_COVERAGE` name this directory; Node's own modules aside. */
export async function loadedFiles(coverage: string): Promise<string[]> {
  const reports = (await readdir(coverage)).map(async (name) => {
    const report = await readFile(join(coverage, name), 'utf8');
    return (JSON.parse(report) as { readonly result: readonly { readonly url: string }[] }).result;
  });
  const urls = (await Promise.all(reports)).flat().map(({ url }) => url);
  return [...new Set(urls)].filter((url) => url.startsWith('file:'));
}

/** The packages that files are of; undefined: a part of the workspace. */
export function packagesOf(files: readonly string[]): (string | undefined)[] {
  const packages = files.map((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return [...new Set(packages)].sort();
}
