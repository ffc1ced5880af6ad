import { readFile, writeFile } from 'node:fs/promises';

/** What stands between these in a manual is the latest full run. */
const REGION = /(<!-- results -->\n)[^]*(\n<!-- \/results -->)/;

/** Puts the results of a run into the page that explains them. */
export async function putIntoManual(manual: URL, results: string): Promise<void> {
  const text = await readFile(manual, 'utf8');
  if (!REGION.test(text)) throw new Error(`${manual.pathname} has no place for results.`);
  await writeFile(
    manual,
    text.replace(REGION, (_region, open, close) => `${open}\n${results}${close}`),
  );
}
