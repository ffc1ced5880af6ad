import { readFile, writeFile } from 'node:fs/promises';
import { drawChart, type Curve } from './report/chart.js';
import { outcomeOf, type Row } from './report/row.js';

const MANUAL = new URL('../../docs/', import.meta.url);
const COLOURS = ['#1b6ac9', '#c9501b', '#3a8f3a'];

/**
 * `npm run bench:chart -- after=run.json before=other.json`: draws the curves of runs (as `npm run bench -- --out`
 * keeps them) beside each other, one picture for each curve, into docs/.
 */
const runs = await Promise.all(
  process.argv.slice(2).map(async (argument) => {
    const [name, file] = argument.split('=', 2);
    if (name === undefined || file === undefined) throw new Error('Give runs as name=file.json.');
    return { name, rows: (JSON.parse(await readFile(file, 'utf8')) as { rows: Row[] }).rows };
  }),
);
const curves = new Set(runs.flatMap(({ rows }) => rows.flatMap(({ point }) => point?.curve ?? [])));
for (const curve of curves) {
  const drawn = drawChart({
    title: `POST /check: goodput by ${curve}`,
    x: curve,
    y: 'decided by Redis, a second',
    curves: runs.map(({ name, rows }, index) => ({
      name,
      colour: COLOURS[index % COLOURS.length]!,
      ...pointsOf(rows, curve),
    })),
  });
  await writeFile(new URL(`goodput-by-${curve.split(' ', 1)[0]}.svg`, MANUAL), drawn);
}

function pointsOf(rows: readonly Row[], curve: string): Pick<Curve, 'points'> {
  const points = rows.flatMap((row): [number, number][] =>
    row.point?.curve === curve ? [[row.point.x, outcomeOf(row).value]] : [],
  );
  return { points: points.sort(([one], [other]) => one - other) };
}
