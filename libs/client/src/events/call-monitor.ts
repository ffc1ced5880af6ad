import type { ClientAlarm } from './client-events.js';

const MINUTE_MS = 60_000;
const SLICE_MS = 3_000;
/** The alarms of the service (docs/alarms.md) watch the same patterns. */
const IN_A_ROW = 12;
const EACH_MINUTE = 3;
const MINUTES = 10;
const MIN_CALLS = 100;
/** So long without any pattern ends the alarm. */
const CALM_MS = MINUTE_MS;

/** Calls and failed ones since `startsAt`. */
interface Slice {
  readonly startsAt: number;
  calls: number;
  failed: number;
}

export interface CallMonitorOptions {
  /** Of the calls of a minute, above which it is an alarm. */
  readonly errorRate: number;
  readonly onAlarm: (alarm: ClientAlarm) => void;
}

/**
 * One failed call is noise, a pattern is an alarm: 12 in a row within a minute, 3 in each minute for 10 minutes in a row, or
 * more than a share of at least 100 calls in a minute. A call has failed when no service decided. Times are the caller's
 * monotonic clock; `settle` should be called now and then, so that an alarm ends also when calls cease.
 */
export class CallMonitor {
  readonly #options: CallMonitorOptions;
  /** Of the last minute, in twentieths; oldest first. */
  #slices: Slice[] = [];
  /** Failures in each minute since the first of them, latest last. */
  #minutes: Slice[] = [];
  /** When the failures in a row happened: the last 12. */
  #row: number[] = [];
  #raisedAt: number | null = null;
  #lastHeldAt = 0;

  constructor(options: CallMonitorOptions) {
    this.#options = options;
  }

  get isRaised(): boolean {
    return this.#raisedAt !== null;
  }

  record(failed: boolean, now: number): void {
    count(this.#slices, SLICE_MS, MINUTE_MS, failed, now);
    count(this.#minutes, MINUTE_MS, MINUTES * MINUTE_MS, failed, now);
    if (failed) {
      this.#row.push(now);
      if (this.#row.length > IN_A_ROW) this.#row.shift();
      this.#look(now);
    } else {
      if (this.#row.length > 0) this.#row = [];
      if (this.isRaised) this.settle(now);
    }
  }

  /** Ends the alarm when no pattern has held for a minute. */
  settle(now: number): void {
    if (this.#raisedAt === null) return;
    if (this.#pattern(now)) this.#lastHeldAt = now;
    else if (now - this.#lastHeldAt >= CALM_MS) {
      const seconds = Math.round((now - this.#raisedAt) / 1_000);
      this.#raisedAt = null;
      const message = `Sundial decides again: no pattern of failed calls for a minute, after ${seconds} s.`;
      this.#options.onAlarm({
        name: 'calls-failing',
        state: 'cleared',
        severity: 'info',
        message,
        details: { seconds },
      });
    }
  }

  #look(now: number): void {
    const found = this.#pattern(now);
    if (!found) return;
    this.#lastHeldAt = now;
    if (this.#raisedAt !== null) return;
    this.#raisedAt = now;
    const message = `Sundial does not decide: ${found.what}. The fallback decides; look at the endpoints and the network.`;
    this.#options.onAlarm({
      name: 'calls-failing',
      state: 'raised',
      severity: 'error',
      message,
      details: { pattern: found.pattern },
    });
  }

  #pattern(now: number): { readonly pattern: string; readonly what: string } | null {
    const [first = 0] = this.#row;
    if (this.#row.length === IN_A_ROW && now - first <= MINUTE_MS) {
      return { pattern: 'consecutive', what: `${IN_A_ROW} calls in a row failed within a minute` };
    }
    forget(this.#slices, now - MINUTE_MS);
    const calls = sum(this.#slices, 'calls');
    const failed = sum(this.#slices, 'failed');
    if (calls >= MIN_CALLS && failed > this.#options.errorRate * calls) {
      return { pattern: 'error-rate', what: `${failed} of ${calls} calls failed within a minute` };
    }
    if (this.#isSustained(now)) {
      return {
        pattern: 'sustained',
        what: `${EACH_MINUTE} calls or more failed in each of ${MINUTES} minutes`,
      };
    }
    return null;
  }

  #isSustained(now: number): boolean {
    forget(this.#minutes, now - MINUTES * MINUTE_MS);
    return this.#minutes.length >= MINUTES && this.#minutes.every(({ failed }) => failed >= EACH_MINUTE);
  }
}

function count(slices: Slice[], lengthMs: number, keptMs: number, failed: boolean, now: number): void {
  let last = slices.at(-1);
  if (!last || now - last.startsAt >= lengthMs) {
    forget(slices, now - keptMs);
    last = { startsAt: now - (now % lengthMs), calls: 0, failed: 0 };
    slices.push(last);
  }
  last.calls += 1;
  if (failed) last.failed += 1;
}

function forget(slices: Slice[], before: number): void {
  while (slices[0] && slices[0].startsAt < before) slices.shift();
}

function sum(slices: readonly Slice[], name: 'calls' | 'failed'): number {
  return slices.reduce((total, slice) => total + slice[name], 0);
}
