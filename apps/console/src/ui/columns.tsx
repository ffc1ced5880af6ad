interface Column {
  /** Its value in words, as a title. */
  readonly name: string;
  readonly value: number;
  /** Null: none. One that reaches it stands out. */
  readonly limit: number | null;
}

interface ColumnsProps {
  /** What the chart says, in a sentence: all of it that a reader of the screen gets. */
  readonly label: string;
  readonly columns: readonly Column[];
  readonly first: string;
  readonly last: string;
}

const HEIGHT = 64;
const WIDTH = 20;

/** A column for each value, as high as its share of the largest value or limit; a line where the last limit is. */
export function Columns({ label, columns, first, last }: ColumnsProps) {
  const limit = columns.at(-1)?.limit ?? null;
  const top = Math.max(1, limit ?? 0, ...columns.map(({ value }) => value));
  const heightOf = (value: number) => (value / top) * HEIGHT;
  const width = Math.max(columns.length, 12) * WIDTH;
  return (
    <figure className="mb-3">
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${width} ${HEIGHT + 2}`}
        preserveAspectRatio="xMinYMid meet"
        className="h-32 w-full"
      >
        {columns.map(({ name, value, limit: its }, index) => (
          <rect
            key={index}
            x={index * WIDTH + 3}
            y={HEIGHT + 1 - Math.max(1, heightOf(value))}
            width={WIDTH - 6}
            height={Math.max(1, heightOf(value))}
            rx={2}
            className={its !== null && value >= its ? 'fill-bad' : 'fill-accent'}
          >
            <title>{name}</title>
          </rect>
        ))}
        {limit !== null && (
          <line
            x1={0}
            x2={width}
            y1={HEIGHT + 1 - heightOf(limit)}
            y2={HEIGHT + 1 - heightOf(limit)}
            className="stroke-quiet"
            strokeDasharray="4 4"
          />
        )}
      </svg>
      <figcaption className="flex justify-between text-xs text-quiet">
        <span>{first}</span>
        <span>{last}</span>
      </figcaption>
    </figure>
  );
}
