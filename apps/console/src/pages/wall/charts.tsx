import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNumbers } from '../../ui/numbers.ts';
import type { Line } from '../../live/lines.ts';
import { SPAN_S, type Point } from '../../live/live-state.ts';
import { Disclosure } from '../../ui/disclosure.tsx';
import { Row, Table } from '../../ui/basics.tsx';

const Chart = lazy(async () => ({ default: (await import('../../live/chart.tsx')).Chart }));

/** Rows of the tables are of so many seconds. */
const ROW_S = 10;

/** The last minutes, drawn, and as a table for those who cannot see the drawing. */
export function Charts({ points }: { readonly points: readonly Point[] }) {
  const { t, i18n } = useTranslation();
  const { rate, ms } = useNumbers();
  const outcomes = useMemo<readonly Line[]>(
    () => [
      { name: t('allowedRate'), tone: 'allowed' },
      { name: t('deniedRate'), tone: 'denied' },
      { name: t('degradedRate'), tone: 'degraded' },
    ],
    [t],
  );
  const latencies = useMemo<readonly Line[]>(
    () => [
      { name: 'p50', tone: 'allowed' },
      { name: 'p99', tone: 'denied', isDashed: true },
    ],
    [],
  );
  const times = points.map(({ at }) => at);
  const language = i18n.language;
  return (
    <div className="mb-[0.75em] grid gap-[0.75em] lg:grid-cols-2">
      <Figure title={t('decisionsRate')} lines={outcomes}>
        <Chart
          lines={outcomes}
          times={times}
          values={[
            points.map(({ allowed }) => allowed),
            points.map(({ denied }) => denied),
            points.map(({ degraded }) => degraded),
          ]}
          isStacked
          language={language}
        />
        <AsTable
          title={t('decisionsRate')}
          head={outcomes.map(({ name }) => name)}
          points={points}
          cells={(rows) => [
            rate(mean(rows, ({ allowed }) => allowed)),
            rate(mean(rows, ({ denied }) => denied)),
            rate(mean(rows, ({ degraded }) => degraded)),
          ]}
        />
      </Figure>
      <Figure title={t('latencyChart')} lines={latencies} hint={t('latencyHint')}>
        <Chart
          lines={latencies}
          times={times}
          values={[points.map(({ p50 }) => p50), points.map(({ p99 }) => p99)]}
          language={language}
        />
        <AsTable
          title={t('latencyChart')}
          head={latencies.map(({ name }) => name)}
          points={points}
          cells={(rows) => [ms(mean(rows, ({ p50 }) => p50)), ms(mean(rows, ({ p99 }) => p99))]}
        />
      </Figure>
    </div>
  );
}

interface FigureProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly hint?: string;
  readonly children: React.ReactNode;
}

const MARKS: Readonly<Record<Line['tone'], string>> = {
  allowed: 'bg-allowed',
  denied: 'bg-denied',
  degraded: 'bg-degraded',
};

function Figure({ title, lines, hint, children }: FigureProps) {
  const { t } = useTranslation();
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-card p-[0.9em]">
      <figcaption className="mb-[0.5em] flex flex-wrap items-baseline justify-between gap-x-[1em]">
        <span className="font-semibold">
          {title}{' '}
          <span className="text-[0.8em] font-normal text-quiet">
            {t('lastMinutes', { count: SPAN_S / 60 })}
          </span>
        </span>
        <span className="flex flex-wrap gap-x-[0.9em] text-[0.8em] text-quiet">
          {lines.map(({ name, tone }) => (
            <span key={name} className="flex items-center gap-[0.35em]">
              <span className={`size-[0.7em] rounded-sm ${MARKS[tone]}`} aria-hidden />
              {name}
            </span>
          ))}
          {hint && <span>{hint}</span>}
        </span>
      </figcaption>
      <Suspense fallback={<div className="chart" />}>{children}</Suspense>
    </figure>
  );
}

interface AsTableProps {
  readonly title: string;
  readonly head: readonly string[];
  readonly points: readonly Point[];
  readonly cells: (rows: readonly Point[]) => readonly string[];
}

function AsTable({ title, head, points, cells }: AsTableProps) {
  const { t, i18n } = useTranslation();
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium', hour12: false });
  return (
    <div className="text-[0.8em]">
      <Disclosure summary={`${t('asTable')} (${t('averages')})`}>
        {() => (
          <div className="max-h-[18em] overflow-y-auto">
            <Table label={`${title}: ${t('asTable')}`} head={[t('at'), ...head]}>
              {rowsOf(points).map(([at, ofRow]) => (
                <Row key={at} cells={[clock.format(at * 1_000), ...cells(ofRow)]} />
              ))}
            </Table>
          </div>
        )}
      </Disclosure>
    </div>
  );
}

/** The latest first. */
function rowsOf(points: readonly Point[]): readonly (readonly [number, readonly Point[]])[] {
  const rows = new Map<number, Point[]>();
  for (const point of points) {
    const at = Math.floor(point.at / ROW_S) * ROW_S;
    const row = rows.get(at);
    if (row) row.push(point);
    else rows.set(at, [point]);
  }
  return [...rows].reverse();
}

function mean(points: readonly Point[], read: (point: Point) => number | null): number | null {
  const known = points.flatMap((point) => read(point) ?? []);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
