/** What a flood process is to do; it travels as JSON in its one argument. */
export interface FloodOptions {
  readonly seed: number;
  /** Names the experiment, as its load does. */
  readonly name: string;
  /** Where it writes what it was answered, a `FloodLine` a line. */
  readonly file: string;
}

/** The commands to a flood process, in this order; it answers each with its name. */
export type FloodCommand =
  { readonly kind: 'begin'; readonly port: number; readonly connections: number } | { readonly kind: 'end' };

/** What it says: that it has started, and that it has done a command. */
export type FloodReply = 'started' | FloodCommand['kind'];

/** One attempt, as the flood process saw it. Times are of the machine's monotonic clock, which all processes share. */
export interface FloodLine {
  readonly call: number;
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  /** Undefined where no answer came. */
  readonly status?: number;
  /** Of a 200: the decision. */
  readonly body?: unknown;
  /** Why no answer came. */
  readonly why?: string;
}

/** The machine's monotonic clock. */
export function machineClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
