import { RedisStore } from '@sundial/redis';
import { openEngine } from '../contenders/sundial.js';
import { latency } from '../load/latency.js';
import { throughput } from '../load/throughput.js';
import { eventually } from '../../../test/support/eventually.js';
import { RedisProcess } from '../../../test/support/redis-process.js';
import { WebServer } from '../processes/web-server.js';
import type { Effort, Scenario } from './scenario.js';
import { checkRequests, nameOf } from '../load/subjects.js';

const CONNECTIONS = 64;
const LOAD = 0.5;
/** Of the memory scenario's subjects: a million in a full run. */
const SUBJECTS_FACTOR = 10;
/** Of these, as many return in the minute that is measured. */
const RETURNING = 200_000;
const FILL_CONCURRENCY = 1_000;
/** Nothing is measured while counters are filled. */
const FILL_DEADLINE_MS = 10_000;
/** Longer than a round, so that the phases do not meet one another. */
const PHASE_ROUNDS = 3;
/** From a service's start until its load begins. */
const LEAD_MS = 3_000;
/** Counters become due this soon after their expiry was moved. */
const DUE_IN_MS = 500;
const DAY_MS = 24 * 60 * 60_000;
/** Counters whose expiry is moved in one call. */
const MOVED_AT_ONCE = 5_000;

/** The day and the hour turn under load, for a million counters of one zone; then all of them are due to expire. */
export const midnight: Scenario = {
  name: 'midnight',
  budget:
    'p99 while the windows of 1 M counters turn, and while their keys are due, ≤ 2 × of before; 0 degraded',
  async run({ roundMs, warmUpMs, subjects }: Effort) {
    await using redis = await RedisProcess.start();
    const count = SUBJECTS_FACTOR * subjects;
    const beforeFill = await redis.usedBytes();
    await fill(redis, count);
    const filled = await redis.usedBytes();

    const phaseMs = PHASE_ROUNDS * roundMs;
    const untilTurnMs = LEAD_MS + warmUpMs + 2 * phaseMs;
    const offset = offsetTo(untilTurnMs);
    await using service = await WebServer.start('sundial', redis.url, {
      SUNDIAL_CLOCK_OFFSET_MS: String(offset),
    });
    const turnsAt = midnightAfter(Date.now() + offset) - offset;
    const requests = checkRequests('ocr', Math.min(count, RETURNING));
    const load = { port: service.port, requests, connections: CONNECTIONS };
    const { perSecond } = await throughput({ ...load, durationMs: warmUpMs });
    const ratePerSecond = Math.round(LOAD * perSecond);
    const phase = () => latency({ ...load, ratePerSecond, durationMs: phaseMs });

    const calm = await phase();
    const isInTime = Date.now() < turnsAt;
    await eventually(() => Date.now() > turnsAt - phaseMs / 3, {
      what: 'it is midnight',
      withinMs: untilTurnMs,
    });
    const turning = await phase();
    const turned = Date.now() > turnsAt && isInTime;
    const peak = await redis.usedBytes();
    await makeDue(redis);
    const due = await phase();
    const left = Number(await redis.cli('DBSIZE'));
    const degraded = await degradedDecisions(service);
    if (!turned) throw new Error('Midnight did not come while it was measured: the machine is too slow.');
    return [
      {
        measure: `POST /check while the windows of ${count.toLocaleString('en-US')} counters turn: p99`,
        unit: 'ms',
        sundial: [turning.p99],
        against: { name: 'before', rounds: [calm.p99] },
        budget: { of: 'ratio', atMost: 2 },
      },
      {
        measure: 'POST /check while their keys are due: p99',
        unit: 'ms',
        sundial: [due.p99],
        against: { name: 'before', rounds: [calm.p99] },
        budget: { of: 'ratio', atMost: 2 },
      },
      {
        measure: 'decided without Redis meanwhile',
        unit: 'checks',
        sundial: [degraded],
        budget: { of: 'value', atMost: 0 },
      },
      { measure: 'Redis memory, all counters filled', unit: 'MB', sundial: [(filled - beforeFill) / 1e6] },
      { measure: 'Redis memory after the windows turned', unit: 'MB', sundial: [(peak - beforeFill) / 1e6] },
      { measure: 'keys left when the first have been due for a while', unit: 'keys', sundial: [left] },
    ];
  },
};

/** One unit of each user, counted in the last hour before a midnight. */
async function fill(redis: RedisProcess, count: number): Promise<void> {
  const store = new RedisStore({ kind: 'single', url: redis.url }, { clockOffsetMs: offsetTo(30 * 60_000) });
  const engine = await openEngine(store, { deadlineMs: FILL_DEADLINE_MS });
  try {
    await eventually(() => store.probe().then(() => true), { what: 'Redis answers' });
    for (let from = 0; from < count; from += FILL_CONCURRENCY) {
      await Promise.all(
        Array.from({ length: Math.min(FILL_CONCURRENCY, count - from) }, (_, index) =>
          engine.check({ resource: 'ocr', subject: { user: nameOf(from + index) } }),
        ),
      );
    }
  } finally {
    await engine.close();
  }
}

/** What a clock has to be ahead for midnight (UTC) to come after that time. */
function offsetTo(midnightInMs: number): number {
  return midnightAfter(Date.now()) - midnightInMs - Date.now();
}

function midnightAfter(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS + DAY_MS;
}

/** Moves the expiry of all counters, each by the same time, so that the first of them are due soon. */
async function makeDue({ client }: RedisProcess): Promise<void> {
  const keys: string[] = [];
  for await (const batch of client.scanStream({ match: 'sd1:{*', count: MOVED_AT_ONCE }))
    keys.push(...(batch as string[]));
  const lives: number[] = [];
  for (let from = 0; from < keys.length; from += MOVED_AT_ONCE) {
    const pipeline = client.pipeline();
    for (const key of keys.slice(from, from + MOVED_AT_ONCE)) pipeline.pttl(key);
    for (const [, life] of (await pipeline.exec()) ?? []) lives.push(Number(life));
  }
  const old = lives.filter((life) => life > 0);
  const first = old.reduce((least, life) => Math.min(least, life), Infinity);
  const now = Date.now();
  for (let from = 0; from < keys.length; from += MOVED_AT_ONCE) {
    const pipeline = client.pipeline();
    for (let index = from; index < Math.min(from + MOVED_AT_ONCE, keys.length); index++)
      pipeline.pexpireat(keys[index]!, now + DUE_IN_MS + (lives[index]! - first));
    await pipeline.exec();
  }
}

async function degradedDecisions(service: WebServer): Promise<number> {
  const metrics = await service.fetchText('/metrics');
  return [...metrics.matchAll(/^sundial_degraded_decisions_total\{.*\} (\d+)/gm)].reduce(
    (sum, [, decisions]) => sum + Number(decisions),
    0,
  );
}
