import { readFileSync } from 'node:fs';

/** When a process was kept waiting; of a tick that noticed it, the end. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

const TICK_MS = 2;
const NOTICEABLE_MS = 0.5;

/**
 * When the machine gave the processor to others while a process wanted to run. What it kept itself busy with is not
 * excused.
 */
export class CpuSteal {
  readonly #intervals: Interval[] = [];
  readonly #timer: NodeJS.Timeout;

  private constructor(stealMs: (elapsedMs: number) => number) {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const from = last;
      last = performance.now();
      const steal = stealMs(last - from);
      if (steal > NOTICEABLE_MS) this.#intervals.push({ from: Math.max(from, last - steal), to: last });
    }, TICK_MS);
  }

  /** Of this process: a tick that came late although the event loop's thread did not compute. */
  static ofThisProcess(): CpuSteal {
    let busy = computedMs();
    return new CpuSteal((elapsedMs) => {
      const busyBefore = busy;
      busy = computedMs();
      return elapsedMs - TICK_MS - (busy - busyBefore);
    });
  }

  /** Of another one: how long its first thread, a Node process' event loop, was ready and had no core. Linux only. */
  static of(pid: number): CpuSteal {
    let waited = waitedMs(pid);
    return new CpuSteal(() => {
      const before = waited;
      waited = waitedMs(pid) ?? before;
      return before === undefined || waited === undefined ? 0 : waited - before;
    });
  }

  /** How much of an interval was steal. */
  within(from: number, to: number): number {
    return CpuSteal.fromAny([this], from, to);
  }

  /** The longest single time that lies within an interval, at least in part. */
  longestWithin(from: number, to: number): number {
    const met = this.#intervals.filter((interval) => interval.from < to && interval.to > from);
    return met.reduce((longest, interval) => Math.max(longest, interval.to - interval.from), 0);
  }

  /** How much of an interval was steal of one or another of some processes; what hit two at once is counted once. */
  static fromAny(processes: readonly CpuSteal[], from: number, to: number): number {
    const intervals = processes
      .flatMap((one) => one.#intervals.filter((interval) => interval.from < to && interval.to > from))
      .sort((a, b) => a.from - b.from);
    let [steal, countedTo] = [0, from];
    for (const interval of intervals) {
      steal += Math.max(0, Math.min(to, interval.to) - Math.max(countedTo, interval.from));
      countedTo = Math.max(countedTo, interval.to);
    }
    return steal;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** How long the event loop's thread has computed in its life; where only that is known, all threads together. */
function computedMs(): number {
  const { computed } = schedule('self') ?? {};
  if (computed !== undefined) return computed;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function waitedMs(pid: number): number | undefined {
  return schedule(pid)?.waited;
}

function schedule(pid: number | 'self'): { computed: number; waited: number } | undefined {
  try {
    const [computed, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return { computed: Number(computed) / 1e6, waited: Number(waited) / 1e6 };
  } catch {
    return undefined;
  }
}
