import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartProps, Line } from './lines.ts';
import { SPAN_S } from './live-state.ts';

/** Lines over the last minutes, stacked areas if asked for. It is for eyes alone: beside it stands a table of the same. */
export function Chart({ lines, times, values, isStacked = false, language }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = dataOf(times, values, isStacked);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(element, { lines, isStacked, language }), latest.current, element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      if (plot.current?.width !== width || plot.current.height !== height) draw();
    });
    resized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
    // Lines are constants of a page.
  }, [lines, isStacked, language]);
  useEffect(() => plot.current?.setData(data));
  return <div ref={place} aria-hidden className="chart w-full overflow-hidden" />;
}

/** Of stacked lines each is drawn on top of those before it, the highest first. */
function dataOf(
  times: readonly number[],
  values: ChartProps['values'],
  isStacked: boolean,
): uPlot.AlignedData {
  if (!isStacked) return [[...times], ...values.map((line) => [...line])];
  const sums = values.map((_, index) =>
    times.map((_, at) => {
      const parts = values.slice(0, index + 1).map((line) => line[at]);
      return parts.some((part) => part === null) ? null : parts.reduce<number>((sum, part) => sum + part!, 0);
    }),
  );
  return [[...times], ...sums.reverse()];
}

function optionsFor(
  element: HTMLElement,
  { lines, isStacked, language }: Pick<ChartProps, 'lines' | 'language'> & { isStacked: boolean },
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const size = Number.parseFloat(style.fontSize);
  const short = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hour12: false });
  const axis: uPlot.Axis = {
    stroke: color('quiet'),
    font: `${Math.round(size * 0.75)}px ${style.fontFamily}`,
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
  };
  const drawn = isStacked ? [...lines].reverse() : lines;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_plot, _min, max) => [max - SPAN_S, max] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.15)] },
    },
    axes: [
      {
        ...axis,
        size: size * 1.6,
        space: size * 4,
        incrs: [60, 120, 300],
        grid: { show: false },
        values: (_plot, splits) => splits.map((at) => clock.format(at * 1_000)),
      },
      {
        ...axis,
        size: size * 2.8,
        space: size * 2,
        values: (_plot, splits) => splits.map((value) => short.format(value)),
      },
    ],
    series: [{}, ...drawn.map((line) => seriesOf(line, { color, size, isStacked }))],
  };
}

function seriesOf(
  { tone, isDashed }: Line,
  { color, size, isStacked }: { color: (name: string) => string; size: number; isStacked: boolean },
): uPlot.Series {
  const width = Math.max(1.5, size / 9);
  return {
    stroke: color(tone),
    width,
    points: { show: false },
    ...(isStacked && { fill: color(`${tone}-area`) }),
    ...(isDashed && { dash: [size / 3, size / 4] }),
  };
}
