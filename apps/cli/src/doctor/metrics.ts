const LINE = /^([a-z_]+)(?:\{(.*)\})? ([^ ]+)/;

/** The sum of a metric over its labels, those that are given having these values. 0 where there is none. */
export function sumOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, metric, its = '', value] = LINE.exec(line) ?? [];
    if (metric !== name) continue;
    if (Object.entries(labels).every(([label, wanted]) => its.includes(`${label}="${wanted}"`)))
      sum += Number(value);
  }
  return sum;
}
