import { readFileSync } from 'node:fs';

/** When a process was kept waiting; of a tick that noticed it, the end. */
interface Theft {
  readonly from: number;
  readonly to: number;
}

const TICK_MS = 2;
const NOTICEABLE_MS = 0.5;

/**
 * When the machine gave the processor to others while a process wanted to run. What it kept itself busy with is not
 * excused.
 */
export class StolenTime {
  readonly #thefts: Theft[] = [];
  readonly #timer: NodeJS.Timeout;

  private constructor(stolenMs: (elapsedMs: number) => number) {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const from = last;
      last = performance.now();
      const stolen = stolenMs(last - from);
      if (stolen > NOTICEABLE_MS) this.#thefts.push({ from: Math.max(from, last - stolen), to: last });
    }, TICK_MS);
  }

  /** Of this process: a tick that came late although the event loop's thread did not compute. */
  static ofThisProcess(): StolenTime {
    let busy = computedMs();
    return new StolenTime((elapsedMs) => {
      const busyBefore = busy;
      busy = computedMs();
      return elapsedMs - TICK_MS - (busy - busyBefore);
    });
  }

  /** Of another one: how long its first thread, a Node process' event loop, was ready and had no core. Linux only. */
  static of(pid: number): StolenTime {
    let waited = waitedMs(pid);
    return new StolenTime(() => {
      const before = waited;
      waited = waitedMs(pid) ?? before;
      return before === undefined || waited === undefined ? 0 : waited - before;
    });
  }

  /** How much of a span was stolen. */
  within(from: number, to: number): number {
    return StolenTime.fromAny([this], from, to);
  }

  /** How much of a span was stolen from one or another of some processes; what was taken from two at once is counted once. */
  static fromAny(processes: readonly StolenTime[], from: number, to: number): number {
    const thefts = processes
      .flatMap((one) => one.#thefts.filter((theft) => theft.from < to && theft.to > from))
      .sort((a, b) => a.from - b.from);
    let [stolen, countedTo] = [0, from];
    for (const theft of thefts) {
      stolen += Math.max(0, Math.min(to, theft.to) - Math.max(countedTo, theft.from));
      countedTo = Math.max(countedTo, theft.to);
    }
    return stolen;
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
