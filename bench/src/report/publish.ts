import { mkdir, writeFile } from 'node:fs/promises';
import { putIntoManual } from './manual.js';
import { outcomeOf, type Row } from './row.js';
import { table } from './table.js';

const RESULTS = new URL('../../results/', import.meta.url);
const MANUAL = new URL('../../../docs/performance.md', import.meta.url);

export interface Run {
  readonly startedAt: Date;
  readonly tookS: number;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** Keeps a full run: as a table, as JSON with every round, and as the table of `docs/performance.md`. */
export async function publish(run: Run): Promise<void> {
  const name = run.startedAt.toISOString().slice(0, 16).replace(':', '');
  const date = run.startedAt.toISOString().slice(0, 10);
  const text = `Measured ${date} in ${Math.round(run.tookS)} s on ${run.machine}.\n\n${table(run.rows)}\n`;
  const rows = run.rows.map((row) => ({ ...row, ...outcomeOf(row) }));
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL(`${name}.md`, RESULTS), `# Benchmark of ${date}\n\n${text}`);
  await writeFile(new URL(`${name}.json`, RESULTS), `${JSON.stringify({ ...run, rows }, null, 2)}\n`);
  await putIntoManual(MANUAL, text);
}
