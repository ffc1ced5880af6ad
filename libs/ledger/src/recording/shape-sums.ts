import type { BlockReader } from '../blocks/block-reader.js';
import type { Shape } from '../blocks/shape.js';
import type { SubjectDay } from './subject-days.js';
import type { WindowUsage } from './usage.js';

/** The sums of one subject: few of each, which are found by looking at all of them. */
export interface SubjectSums {
  readonly hash: number;
  readonly text: string;
  readonly windows: WindowUsage[];
  readonly days: SubjectDay[];
  /** Those that the last record with a shape changed: the next one has mostly the same shape. */
  last: ShapeSums | undefined;
}

/**
 * What records of a shape on one day change, in the order of its limits and meters. It waits in `numbers`, all of it beside each other,
 * until something else changes the same: what a processor waits for here is memory.
 */
export interface ShapeSums {
  readonly shape: Shape;
  readonly day: number;
  /** 1: it is a decision that is no repetition. */
  readonly counts: number;
  readonly sign: number;
  readonly windows: readonly WindowUsage[];
  /** Whose they are, where some rule counts by fewer attributes: other subjects change the same, so windows do not wait. */
  readonly owners: readonly SubjectSums[] | undefined;
  readonly meters: readonly SubjectDay[];
  /** Of a shape whose amounts leave out units, or are not said. */
  readonly units: SubjectDay | undefined;
  /** How many records, the instant of the latest, what it saw used and reserved of each limit; the sum of the amounts of each meter. */
  readonly numbers: Float64Array;
}

const FIRST_LIMIT = 2;

/** Of `numbers`. */
export function sizeOf({ limits = [], meters = [] }: Shape): number {
  return FIRST_LIMIT + 2 * limits.length + meters.length;
}

export function addTo(sums: ShapeSums, record: BlockReader): void {
  const { numbers, windows, meters, owners } = sums;
  numbers[0]! += 1;
  if (owners) seeShared(sums, owners, record);
  else if (record.at >= numbers[1]!) {
    numbers[1] = record.at;
    for (let index = 0; index < windows.length; index += 1) {
      numbers[FIRST_LIMIT + 2 * index] = record.used[index]!;
      numbers[FIRST_LIMIT + 1 + 2 * index] = record.reserved[index]!;
    }
  }
  const firstMeter = FIRST_LIMIT + 2 * windows.length;
  for (let index = 0; index < meters.length; index += 1)
    numbers[firstMeter + index]! += record.amounts[index]!;
}

/** Adds what waits to the sums. */
export function fold({ shape, counts, sign, windows, owners, meters, units, numbers }: ShapeSums): void {
  const [records = 0, at = 0] = numbers;
  if (records === 0) return;
  const isAllowed = shape.outcome === 'allowed';
  for (let index = 0; index < windows.length && !owners; index += 1) {
    const place = FIRST_LIMIT + 2 * index;
    see(windows[index]!, at, numbers[place]!, numbers[place + 1]!, shape.limits![index]!.max);
    countUp(windows[index]!, counts * records, isAllowed);
  }
  if (units) {
    if (!shape.meters) units.used += sign * records;
    countUp(units, counts * records, isAllowed);
  }
  meters.forEach((entry, index) => {
    entry.used += sign * numbers[FIRST_LIMIT + 2 * windows.length + index]!;
    countUp(entry, counts * records, isAllowed);
  });
  numbers.fill(0);
}

function seeShared(sums: ShapeSums, owners: readonly SubjectSums[], record: BlockReader): void {
  const { shape, windows, counts } = sums;
  for (let index = 0; index < windows.length; index += 1) {
    const { last } = owners[index]!;
    if (last && last !== sums) fold(last);
    see(windows[index]!, record.at, record.used[index]!, record.reserved[index]!, shape.limits![index]!.max);
    countUp(windows[index]!, counts, shape.outcome === 'allowed');
  }
}

/** A window is as the latest event saw it. */
export function see(
  entry: WindowUsage,
  at: number,
  used: number,
  reserved: number,
  max: number | null,
): void {
  if (at < entry.seen_at) return;
  entry.used = used;
  entry.reserved = reserved;
  entry.max = max;
  entry.seen_at = at;
}

export function countUp(entry: WindowUsage | SubjectDay, counts: number, isAllowed: boolean): void {
  if (isAllowed) entry.allowed += counts;
  else entry.denied += counts;
}
