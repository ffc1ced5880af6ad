import { markdownTable } from './markdown-table.js';
import { outcomeOf, type Budget, type Row } from './row.js';

const COLUMNS = [
  { title: 'Measure', align: 'left' },
  { title: 'Sundial', align: 'right' },
  { title: 'Unit', align: 'left' },
  { title: 'Against', align: 'left' },
  { title: 'Theirs', align: 'right' },
  { title: 'Ratio', align: 'right' },
  { title: 'Budget', align: 'left' },
  { title: 'Verdict', align: 'left' },
] as const;

/** The rows as a Markdown table whose columns line up, to be read in a terminal as well. */
export function table(rows: readonly Row[]): string {
  return markdownTable(COLUMNS, rows.map(cells));
}

function cells(row: Row): string[] {
  const { value, opponentValue, ratio, missedBy } = outcomeOf(row);
  return [
    row.measure,
    figure(value),
    row.unit,
    row.against?.name ?? '',
    opponentValue === undefined ? '' : figure(opponentValue),
    ratio === undefined ? '' : ratio.toFixed(2),
    row.budget ? budgetText(row.budget, row.unit) : '',
    missedBy === undefined ? '' : missedBy === 0 ? 'met' : `missed by ${figure(100 * missedBy)} %`,
  ];
}

function budgetText(budget: Budget, unit: string): string {
  const bound = 'atLeast' in budget ? `≥ ${figure(budget.atLeast)}` : `≤ ${figure(budget.atMost)}`;
  return budget.of === 'ratio' ? `${bound} ×` : `${bound} ${unit}`;
}

/** Three digits that mean something. */
function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
