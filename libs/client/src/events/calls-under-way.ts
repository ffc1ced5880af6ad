import type { VerbSpans } from '@sundial/tracing';
import { QuotaClientError } from '../answers/quota-client-error.js';
import type { CallMonitor } from './call-monitor.js';
import type { ClientCall, ClientCallEnd, OnCall } from './client-call.js';
import { guarded } from './client-events.js';

/** How often a raised alarm is looked at while no call is made. */
const SETTLE_MS = 1_000;
const POLL_MS = 5;

interface CallsUnderWayOptions {
  readonly monitor: CallMonitor;
  readonly onCall: OnCall | undefined;
  /** Undefined where the process traces nothing. */
  readonly spans: VerbSpans | undefined;
}

/** What every verb has in common: it ends as `onCall` hears, is a span, the monitor counts it, and a closed client refuses it. */
export class CallsUnderWay {
  readonly #monitor: CallMonitor;
  readonly #onCall: OnCall | undefined;
  readonly #spans: VerbSpans | undefined;
  #count = 0;
  #isClosed = false;
  #settling: NodeJS.Timeout | undefined;

  constructor({ monitor, onCall, spans }: CallsUnderWayOptions) {
    this.#monitor = monitor;
    this.#onCall = onCall;
    this.#spans = spans;
  }

  /** Rejects as `run` does. */
  async run<T>(call: ClientCall, run: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw QuotaClientError.closed();
    const ended = this.#begin(call);
    this.#count += 1;
    try {
      const answer = await (this.#spans ? this.#spans.run(call, run) : run());
      ended(isDegraded(answer) ? 'degraded' : 'answered');
      return answer;
    } catch (error) {
      ended('rejected', error);
      throw error;
    } finally {
      this.#count -= 1;
    }
  }

  /** Refuses new calls, and waits for those under way, until `latest` of the monotonic clock. */
  async close(latest: number): Promise<void> {
    this.#isClosed = true;
    while (this.#count > 0 && performance.now() < latest) {
      await new Promise((later) => setTimeout(later, POLL_MS));
    }
    clearInterval(this.#settling);
  }

  /** A raised alarm ends also when no call is made. */
  watchAlarm(): void {
    clearInterval(this.#settling);
    if (!this.#monitor.isRaised || this.#isClosed) return;
    this.#settling = setInterval(() => this.#monitor.settle(performance.now()), SETTLE_MS).unref();
  }

  #begin(call: ClientCall): (outcome: ClientCallEnd['outcome'], error?: unknown) => void {
    const startedAt = performance.now();
    const end = this.#onCall && guarded('The option onCall', () => this.#onCall?.(call));
    return (outcome, error) => {
      const now = performance.now();
      if (outcome !== 'rejected') this.#monitor.record(outcome === 'degraded', now);
      if (!end) return;
      const how = { outcome, durationMs: now - startedAt, ...(error !== undefined && { error }) };
      guarded('The end of onCall', () => end(how));
    };
  }
}

/** By a client, not by a service's own policies. */
function isDegraded(answer: unknown): boolean {
  const answers: unknown[] = Array.isArray(answer) ? answer : [answer];
  return answers.some((each) => {
    const { degraded } = (each ?? {}) as { degraded?: { cause?: unknown } | null };
    return degraded?.cause === 'unreachable';
  });
}
