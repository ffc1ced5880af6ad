import { markdownTable, type Column } from '../../../bench/src/report/markdown-table.js';
import { percentile } from '../../support/percentile.js';
import { sum } from '../harness/expected-counters.js';
import type { Finding } from './finding.js';

/** Promised (I4, I7): the deadline and 15 ms; two seconds. */
const LATEST_MS = 65;
const RECOVERED_WITHIN_MS = 2_000;

/** One fault on one topology, over all the times it happened. */
export interface Row {
  readonly topology: string;
  readonly fault: string;
  readonly times: number;
  readonly calls: number;
  readonly degraded: number;
  readonly reserves: number;
  readonly endings: number;
  readonly i5: number;
  readonly cutOff: number;
  /** What callers waited: less what the machine took from caller or node, and with it. */
  readonly p999Ms: number;
  readonly seenP999Ms: number;
  readonly i1: number;
  readonly i2: number;
  readonly i13: number;
  readonly i15: number;
  readonly i16: number;
  readonly overByLocal: number;
  /** The worst. */
  readonly recoveredMs: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'Topology', align: 'left' },
  { title: 'Fault', align: 'left' },
  { title: 'Times', align: 'right' },
  { title: 'Calls', align: 'right' },
  { title: 'Degraded', align: 'right' },
  { title: 'Reserves', align: 'right' },
  { title: 'Endings', align: 'right' },
  { title: '5xx or none', align: 'right' },
  { title: 'Cut off', align: 'right' },
  { title: 'p99.9 ms', align: 'right' },
  { title: 'as seen', align: 'right' },
  { title: 'I1', align: 'right' },
  { title: 'I2', align: 'right' },
  { title: 'I13', align: 'right' },
  { title: 'I15', align: 'right' },
  { title: 'I16', align: 'right' },
  { title: 'Over by local', align: 'right' },
  { title: 'Recovered ms', align: 'right' },
];

export function rowsOf(findings: readonly Finding[]): Row[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const name = `${finding.topology} ${finding.fault}`;
    groups.set(name, [...(groups.get(name) ?? []), finding]);
  }
  return [...groups.values()].map((group) => rowOf(group, group[0]!)).sort(byName);
}

/** A promise about time that was missed stands in bold. */
export function table(rows: readonly Row[]): string {
  return markdownTable(
    COLUMNS,
    rows.map((row) => [
      ...[row.topology, row.fault],
      ...[row.times, row.calls, row.degraded, row.reserves, row.endings, row.i5, row.cutOff].map(String),
      ...[figure(row.p999Ms, LATEST_MS), figure(row.seenP999Ms)],
      ...[row.i1, row.i2, row.i13, row.i15, row.i16, row.overByLocal].map(String),
      figure(row.recoveredMs, RECOVERED_WITHIN_MS),
    ]),
  );
}

/** Whether the promises about time were kept. */
export function isInTime({ p999Ms, recoveredMs }: Row): boolean {
  return p999Ms <= LATEST_MS && recoveredMs <= RECOVERED_WITHIN_MS;
}

function rowOf(group: readonly Finding[], { topology, fault }: Finding): Row {
  const latencies = group.flatMap((finding) => finding.latencies);
  const p999 = (values: readonly number[]) => (values.length > 0 ? percentile(values, 99.9) : 0);
  return {
    topology,
    fault,
    times: group.length,
    calls: sum(group, ({ calls }) => calls),
    degraded: sum(group, ({ degraded }) => degraded),
    reserves: sum(group, ({ reserves }) => reserves),
    endings: sum(group, ({ endings }) => endings),
    i5: sum(group, ({ i5 }) => i5),
    cutOff: sum(group, ({ cutOff }) => cutOff),
    p999Ms: p999(latencies.map(({ oursMs }) => oursMs)),
    seenP999Ms: p999(latencies.map(({ seenMs }) => seenMs)),
    i1: sum(group, ({ i1 }) => i1),
    i2: sum(group, ({ i2 }) => i2),
    i13: sum(group, ({ i13 }) => i13),
    i15: sum(group, ({ i15 }) => i15),
    i16: sum(group, ({ i16 }) => i16),
    overByLocal: sum(group, ({ overByLocal }) => overByLocal),
    recoveredMs: Math.max(...group.map(({ recoveredMs }) => recoveredMs)),
  };
}

function byName(one: Row, other: Row): number {
  return `${one.topology} ${one.fault}` < `${other.topology} ${other.fault}` ? -1 : 1;
}

function figure(value: number, most = Infinity): string {
  return value <= most ? String(Math.round(value)) : `**${Math.round(value)}**`;
}
