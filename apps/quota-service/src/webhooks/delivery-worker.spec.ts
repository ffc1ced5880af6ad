import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { DeliveryWorker } from './delivery-worker.js';
import { EndpointPauses } from './endpoint-pauses.js';
import { retryDelayMs } from './retry-delay.js';
import type { PostResult } from './sending/guarded-post.js';

const DAY_MS = 24 * 60 * 60_000;
type Call = readonly [what: string, ...of: unknown[]];

/** What the worker did with the queue, and recorded. */
let calls: Call[];
let recorded: object[];
let claimed: { attempts: number; ageMs: number };
let result: PostResult;
let isDue: boolean;
let worker: DeliveryWorker;
beforeEach(() => {
  [calls, recorded, claimed] = [[], [], { attempts: 1, ageMs: 0 }];
  const did =
    (what: string) =>
    (...of: unknown[]) =>
      Promise.resolve(void calls.push([what, ...of]));
  const queue = {
    due: () => Promise.resolve(isDue ? ['w'] : []),
    claim: () => {
      isDue = false;
      return Promise.resolve([{ id: 7, webhookId: 'w', eventId: 'e', body: '{}', ...claimed }]);
    },
    ...{ delivered: did('delivered'), failed: did('failed'), died: did('died'), hurry: did('hurry') },
    expire: () => Promise.resolve(),
  };
  const events = { appendDue: () => Promise.resolve([]), dropBefore: () => Promise.resolve() };
  const webhooks = { target: () => Promise.resolve({ url: 'https://x', secret: 's', headers: {} }) };
  const parts = [
    { isOn: true, nodeName: 'a', store: { queue, events, webhooks } },
    { onKept: () => undefined },
    { send: () => Promise.resolve(result) },
    { now: () => 0 },
    { record: (event: object) => recorded.push(event) },
    { attempted: () => undefined },
    { warn: () => undefined },
    { ledger: { days: 1 } },
  ];
  worker = new DeliveryWorker(...(parts as unknown as ConstructorParameters<typeof DeliveryWorker>));
});

async function attempt(what: PostResult | number): Promise<void> {
  result = typeof what === 'number' ? { outcome: 'answered', status: what } : what;
  isDue = true;
  worker.look();
  for (let turns = 0; turns < 10; turns++) await turn();
}

const TIMED_OUT: PostResult = { outcome: 'failed', error: 'timed-out' };

describe('what becomes of a delivery', () => {
  it.each<readonly [string, PostResult | number, number, Call]>([
    ['is delivered by 200', 200, 0, ['delivered', 7, 'a', 200]],
    ['is delivered by 299, however old', 299, DAY_MS, ['delivered', 7, 'a', 299]],
    ['fails at a redirect', 302, 0, ['failed', 7, 'a', { status: 302, error: 'answered-302' }]],
    ['fails at 500', 500, DAY_MS - 1, ['failed', 7, 'a', { status: 500, error: 'answered-500' }]],
    ['fails where nothing answers', TIMED_OUT, 0, ['failed', 7, 'a', { error: 'timed-out' }]],
    ['dies after a day', 500, DAY_MS, ['died', 7, 'a', { status: 500, error: 'answered-500' }]],
    ['dies at 410', 410, 0, ['died', 7, 'a', { status: 410, error: 'answered-410' }]],
  ])('%s', async (_, what, ageMs, expected) => {
    claimed = { attempts: 1, ageMs };
    await attempt(what);
    expect(calls.map((call) => call.slice(0, expected.length))).toEqual([expected]);
    const [outcome] = expected;
    expect(recorded).toMatchObject([
      { kind: 'delivery', outcome: outcome === 'died' ? 'dead' : outcome, data: { target: 'w', event: 'e' } },
    ]);
  });

  it('is tried again after twice as long each time', async () => {
    claimed = { attempts: 5, ageMs: 0 };
    await attempt(500);
    const delayMs = calls[0]!.at(-1) as number;
    expect(delayMs).toBeGreaterThanOrEqual(8_000);
    expect(delayMs).toBeLessThanOrEqual(16_000);
    const delays = [1, 2, 3, 30].map((attempts) => [retryDelayMs(attempts, 0), retryDelayMs(attempts, 1)]);
    expect(delays).toEqual([
      [1_000, 500],
      [2_000, 1_000],
      [4_000, 2_000],
      [600_000, 300_000],
    ]);
  });

  it('waits while its endpoint fails again and again', async () => {
    for (let count = 0; count < 4; count++) await attempt(500);
    expect(calls).toHaveLength(3);
    await attempt(204);
    expect(calls).toHaveLength(3);
  });

  it('hurries what waits for an endpoint that answers again', async () => {
    await attempt(500);
    await attempt(204);
    expect(calls.map(([what]) => what)).toEqual(['failed', 'delivered', 'hurry']);
  });
});

describe('an endpoint that fails', () => {
  it('is left alone from the third time on, twice as long each time, up to 30 s', () => {
    const pauses = new EndpointPauses();
    const pauseAfter = (failures: number) => {
      for (let count = 0; count < failures; count++) pauses.failed('w', 0);
      let ms = 0;
      while (pauses.isPaused('w', ms)) ms += 500;
      return ms;
    };
    expect([pauseAfter(2), pauseAfter(1), pauseAfter(1), pauseAfter(10)]).toEqual([0, 1_000, 2_000, 30_000]);
    expect([pauses.succeeded('w'), pauses.succeeded('w'), pauses.isPaused('w', 0)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
