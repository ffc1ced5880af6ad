import { Injectable } from '@nestjs/common';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { Door } from '../http/admission/door.js';
import { Refusals } from '../http/refusals/refusals.js';
import { QuotaMetrics, type DecisionTotals } from '../metrics/quota-metrics.js';
import { durationsSince, quantileMs } from './latency.js';
import type { NodeReport, Rates } from './node-report.js';

type Numbers = Pick<NodeReport, 'load' | 'perSecond' | 'latencyMs'>;

interface Sample {
  readonly at: number;
  readonly totals: DecisionTotals;
  readonly refused: number;
  readonly loop: EventLoopUtilization;
}

/** Rates over less are too coarse, and over more they are of another minute. */
const MIN_SPAN_MS = 200;
const MAX_SPAN_MS = 5_000;

/** What this node does a second, from what the metrics count anyway: reading it is all that it costs. */
@Injectable()
export class OwnNumbers {
  #before: Sample | undefined;
  #rates: Pick<Numbers, 'perSecond' | 'latencyMs'> = { perSecond: null, latencyMs: null };
  #eventLoop = 0;

  constructor(
    private readonly metrics: QuotaMetrics,
    private readonly refusals: Refusals,
    private readonly door: Door,
  ) {}

  /** Since it was called before. */
  async read(): Promise<Numbers> {
    const totals = await this.metrics.totals();
    const { counts } = this.refusals;
    const refused = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const loop = performance.eventLoopUtilization();
    this.#take({ at: performance.now(), totals, refused, loop });
    const { inFlight, waiting } = this.door;
    return { load: { eventLoop: this.#eventLoop, inFlight: inFlight.count, waiting }, ...this.#rates };
  }

  #take(now: Sample): void {
    const before = this.#before;
    const spanMs = now.at - (before?.at ?? -Infinity);
    if (spanMs < MIN_SPAN_MS) return;
    this.#before = now;
    if (before === undefined || spanMs > MAX_SPAN_MS) {
      this.#rates = { perSecond: null, latencyMs: null };
      return;
    }
    this.#eventLoop = rounded(performance.eventLoopUtilization(now.loop, before.loop).utilization);
    const durations = durationsSince(before.totals.durations, now.totals.durations);
    const [p50, p99] = [quantileMs(0.5, durations), quantileMs(0.99, durations)];
    const latencyMs =
      p50 === undefined || p99 === undefined ? null : { p50: rounded(p50), p99: rounded(p99) };
    this.#rates = { perSecond: ratesBetween(before, now, spanMs / 1_000), latencyMs };
  }
}

function ratesBetween(before: Sample, now: Sample, seconds: number): Rates {
  const rate = (read: (sample: Sample) => number) => rounded((read(now) - read(before)) / seconds);
  return {
    allowed: rate(({ totals }) => totals.allowed),
    denied: rate(({ totals }) => totals.denied),
    degradedAllowed: rate(({ totals }) => totals.degradedAllowed),
    degradedDenied: rate(({ totals }) => totals.degradedDenied),
    refused: rate(({ refused }) => refused),
    shed: rate(({ totals }) => totals.shed),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
