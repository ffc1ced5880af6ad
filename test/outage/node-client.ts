import { QuotaClient } from '@sundial/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOrder, ClientReport } from './outage.js';

/**
 * A program of one of the callers: checks, and now and then a reservation, at an even rate until its stdin ends; then it delivers what
 * its journal holds, and says on stdout what it was answered. `clients/python/tests/outage_client.py` does the same.
 */
const TURN_MS = 20;
/** One in so many calls reserves and commits. */
const RESERVES_EVERY = 10;
const FLUSH_MS = 30_000;

const order = JSON.parse(process.argv[2] ?? '') as ClientOrder;
const client = new QuotaClient({ endpoints: order.endpoints, deadlineMs: order.deadlineMs });
const counted: Record<string, number> = {};
const report = { calls: 0, degraded: 0, longestMs: 0, failures: [] as string[] };

async function call(n: number): Promise<void> {
  const user = `u${n % order.users}`;
  const request = { resource: order.resource, subject: { user } };
  const begunAt = performance.now();
  const units = n % RESERVES_EVERY === 0 ? await reserved(request) : await checked(request);
  report.calls += 1;
  report.longestMs = Math.max(report.longestMs, performance.now() - begunAt);
  counted[user] = (counted[user] ?? 0) + units;
}

type Request = Parameters<typeof client.check>[0];

async function checked(request: Request): Promise<number> {
  const decision = await client.check(request);
  if (decision.degraded) report.degraded += 1;
  if (!decision.allowed) throw new Error(`refused: ${decision.reason}`);
  return 1;
}

async function reserved(request: Request): Promise<number> {
  const { reservation, degraded } = await client.reserve({ ...request, amount: 3 });
  if (degraded) report.degraded += 1;
  if (!reservation) throw new Error('nothing was reserved');
  await client.commit(reservation.id, { amount: 2 });
  return 2;
}

let isOver = false;
process.stdin.resume().on('end', () => (isOver = true));
const calls: Promise<void>[] = [];
const begunAt = performance.now();
for (let n = 0; !isOver;) {
  for (const due = ((performance.now() - begunAt) * order.ratePerSecond) / 1_000; n < due; n += 1)
    calls.push(call(n).catch((error: Error) => void report.failures.push(error.message)));
  await sleep(TURN_MS);
}
await Promise.all(calls);
const { pending } = await client.flush({ timeoutMs: FLUSH_MS });
const outcomes: Record<string, number> = {};
for (const { outcome } of client.affected()) outcomes[String(outcome)] = (outcomes[String(outcome)] ?? 0) + 1;
await client.close({ timeoutMs: 0 });
process.stdout.write(`${JSON.stringify({ ...report, counted, pending, outcomes } satisfies ClientReport)}\n`);
