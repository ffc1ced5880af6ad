import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openQuota, type OpenedQuota } from '@sundial/embedded';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const CONTROLS = 'sd1:{rules}:controls';
const RULES = [
  { id: 'ocr', resource: 'ocr', per: ['user'], degrade: 'deny', limits: [{ window: 'month', max: 2 }] },
] as const;
const OCR = { resource: 'ocr', subject: { user: 'u1' } };

let redis: RedisProcess;
let proxy: TcpProxy;
let directory: TemporaryDirectory;
let nodes: OpenedQuota[];
beforeAll(async () => {
  redis = await RedisProcess.start();
  proxy = await TcpProxy.start(redis.port);
});
afterAll(async () => {
  await proxy.stop();
  await redis.stop();
});
beforeEach(async () => {
  await redis.cli('FLUSHALL');
  directory = await temporaryDirectory();
  nodes = [];
});
afterEach(async () => {
  await proxy.heal();
  redis.thaw();
  await Promise.all(nodes.map((node) => node.close()));
  await directory.remove();
});

/** The first of them reaches Redis by the proxy. */
async function opened(name: string, url = redis.url, deadlineMs = 2_000): Promise<OpenedQuota> {
  const node = await openQuota({
    ...{ redis: { url }, rules: RULES, deadlineMs },
    directory: join(directory.path, name),
  });
  nodes.push(node);
  return node;
}
const behindProxy = (deadlineMs?: number) => opened('a', `redis://127.0.0.1:${proxy.port}`, deadlineMs);
async function three(): Promise<[OpenedQuota, OpenedQuota, OpenedQuota]> {
  return Promise.all([behindProxy(), opened('b'), opened('c')]);
}
const cutOff = () => {
  proxy.refuse();
  proxy.reset();
};
const reasons = (all: readonly OpenedQuota[]) =>
  Promise.all(all.map(({ engine }) => engine.check({ ...OCR, amount: 0 }).then(({ reason }) => reason)));
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

describe('gates and brakes of three nodes on one Redis', () => {
  it('are in force on all of them when the answer to a write is there', async () => {
    const all = await three();
    await eventually(async () => (await all[0].controls.setGate('sms', { gate: 'open' })).nodes.live === 3);
    for (const [i, gate] of (['closed', 'open', 'normal', 'closed'] as const).entries()) {
      const began = performance.now();
      const answer = await all[i % 3]!.controls.setGate('ocr', { gate }, { actor: 'ops' });
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(answer).toMatchObject({ stored: true, nodes: { live: 3, applied: 3 } });
      const reason = { closed: 'gate-closed', open: 'gate-open', normal: 'ok' }[gate];
      expect(await reasons(all)).toEqual([reason, reason, reason]);
    }
    for (const { controls } of all)
      expect(controls.gates()).toMatchObject([{ resource: 'ocr', setBy: 'ops' }, { resource: 'sms' }]);
    const { brake } = await all[1].controls.setBrake({ resource: 'ocr', percent: 40, until: inAMinute() });
    await all[2].controls.setGate('ocr', { gate: 'normal' });
    const answers = await Promise.all(
      all.map(({ engine }) =>
        Promise.all(
          Array.from({ length: 50 }, (_, i) => engine.check({ ...OCR, amount: 0, operationId: `o${i}` })),
        ).then((decisions) => decisions.map(({ reason }) => reason)),
      ),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(new Set(answers[0])).toEqual(new Set(['braked', 'ok']));
    expect((await all[0].controls.removeBrake(brake.id)).nodes).toEqual({ live: 3, applied: 3 });
    expect(all.flatMap(({ controls }) => controls.brakes())).toEqual([]);
  });

  it('are found within a second where the announcement is lost, and brought back where Redis has lost them', async () => {
    const all = await three();
    const gate = JSON.stringify({ resource: 'ocr', gate: 'closed', setAt: new Date().toISOString() });
    const record = ['control:gate:ocr', `${Date.now()}:0:elsewhere:${gate}`];
    await redis.cli('HSET', CONTROLS, 'version', '7', 'stamp', 's7', ...record);
    await eventually(async () => (await reasons(all)).every((reason) => reason === 'gate-closed'), {
      withinMs: 1_000,
    });
    await redis.cli('DEL', CONTROLS);
    await eventually(async () => (await redis.cli('HGET', CONTROLS, 'control:gate:ocr')) !== null, {
      withinMs: 2_000,
    });
    expect(await reasons(all)).toEqual(['gate-closed', 'gate-closed', 'gate-closed']);
  });

  it('can be set on a node that does not reach Redis; when it does, the later one holds everywhere', async () => {
    const all = await three();
    const [lonely, other] = all;
    cutOff();
    await eventually(() => lonely.engine.status().mode === 'degraded' || undefined);
    await other.controls.setGate('ocr', { gate: 'open' });
    const began = performance.now();
    const closed = await lonely.controls.setGate('ocr', { gate: 'closed' });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(closed).toMatchObject({ stored: false, nodes: { applied: 1 } });
    const brake = { resource: 'sms', percent: 100, until: inAMinute() };
    await lonely.controls.setBrake(brake);
    await sleep(20);
    await other.controls.setBrake({ ...brake, percent: 30 });
    expect(await reasons(all)).toEqual(['gate-closed', 'gate-open', 'gate-open']);
    await proxy.heal();
    await eventually(async () => (await reasons(all)).every((reason) => reason === 'gate-closed'), {
      withinMs: 2_000,
    });
    // The brake of the other node was the later one.
    await eventually(() => all.every(({ controls }) => controls.brakes()[0]?.percent === 30));
    expect(new Set(all.map(({ controls }) => controls.brakes()[0]!.id)).size).toBe(1);
  });

  it('are in force from the start of a node, also without Redis', async () => {
    const before = await behindProxy();
    await before.controls.setGate('ocr', { gate: 'closed', onDeny: { code: 'CLOSED' } });
    await before.controls.setBrake({ resource: 'sms', percent: 100, until: inAMinute() });
    await before.close();
    cutOff();
    const again = await behindProxy();
    expect(await again.engine.check(OCR)).toMatchObject({
      reason: 'gate-closed',
      onDeny: { code: 'CLOSED' },
    });
    expect(await again.engine.check({ ...OCR, resource: 'sms' })).toMatchObject({ reason: 'braked' });
  });

  it('act while Redis is away: an open gate counts what it passes, above the max too', async () => {
    const node = await behindProxy(50);
    await node.controls.setGate('ocr', { gate: 'open' });
    cutOff();
    await eventually(() => node.engine.status().mode === 'degraded' || undefined);
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await node.engine.check(OCR));
    for (const answer of answers)
      expect(answer).toMatchObject({
        ...{ allowed: true, reason: 'gate-open' },
        degraded: { policy: 'allow', cause: expect.any(String) },
      });
    expect((await node.engine.reserve(OCR)).reservation?.state).toBe('held');
    await node.controls.setGate('ocr', { gate: 'normal' });
    expect(await node.engine.check(OCR)).toMatchObject({ allowed: false, reason: 'degraded' });
    await node.controls.setBrake({ resource: 'ocr', percent: 100, until: inAMinute() });
    expect(await node.engine.check(OCR)).toMatchObject({ reason: 'braked', degraded: null });
    await proxy.heal();
    await eventually(() => node.engine.status().mode === 'exact' && node.engine.status().pending === 0);
    await eventually(async () => {
      expect((await node.engine.usage(OCR)).limits).toMatchObject([{ used: 5, reserved: 1 }]);
      return true;
    });
  });
});
