type Cell = string | number | boolean | null | undefined | object;

/** A column of each: its title, and what of a row stands in it. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => Cell>>;

/** RFC 4180, as the service writes its lists. */
export function csvOf<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const lines = rows.map((row) => Object.values(columns).map((of) => field(of(row))));
  return [Object.keys(columns), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** What a spreadsheet would take for a formula: callers choose what stands in subjects and ids. */
const FORMULA = /^[=+\-@\t\r]/;

function field(value: Cell): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
