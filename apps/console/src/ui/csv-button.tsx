import { csvOf, type Columns } from './csv.ts';
import { Download } from './download.tsx';

interface CsvProps<Row> {
  /** Of the file. */
  readonly name: string;
  readonly rows: readonly Row[] | undefined;
  readonly columns: Columns<Row>;
}

/** A button that saves what a list shows; none where it shows nothing. */
export function CsvButton<Row>({ name, rows = [], columns }: CsvProps<Row>) {
  if (rows.length === 0) return null;
  const read = () => Promise.resolve(csvOf(rows, columns));
  return <Download action="CSV" fileName={`sundial-${name}.csv`} read={read} />;
}
