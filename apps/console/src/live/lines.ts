/** One line of a chart, in a colour of the theme. */
export interface Line {
  readonly name: string;
  readonly tone: 'allowed' | 'denied' | 'degraded';
  readonly isDashed?: boolean;
}

export interface ChartProps {
  readonly lines: readonly Line[];
  /** Epoch seconds. */
  readonly times: readonly number[];
  /** One list a line; null: nothing is known. */
  readonly values: readonly (readonly (number | null)[])[];
  readonly isStacked?: boolean;
  readonly language: string;
}
