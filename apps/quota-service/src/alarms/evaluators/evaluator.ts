import type { AlarmSignal } from './alarm-signal.js';

/** What was seen when a pattern began to hold, for the operator whom the alarm calls. */
export type Evidence = Readonly<Record<string, number | string | readonly string[]>>;

/**
 * One pattern's memory of the signals it looks at. Pure: every time is given, in monotonic milliseconds that never go
 * back. What it remembers is bounded by the pattern's own numbers, however many signals come.
 */
export interface Evaluator {
  /** Notes a signal; those of other kinds are none of its business. */
  note(signal: AlarmSignal, at: number): void;
  /** Whether the pattern holds at this instant. */
  holds(at: number): boolean;
  /** Asked when the pattern holds. */
  evidence(at: number): Evidence;
}
