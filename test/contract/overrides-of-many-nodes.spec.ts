import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openQuota, type OpenedQuota } from '@sundial/embedded';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const RULES = [
  { id: 'ocr', resource: 'ocr', per: ['user'], limits: [{ window: 'month', max: 1 }] },
  {
    id: 'tiered',
    resource: 'tiered',
    per: ['user'],
    limits: [{ window: 'month', max: 1 }],
    tiers: { by: 'plan', max: { vip: [{ window: 'month', max: 2 }] } },
  },
  { id: 'packed', resource: 'packed', per: ['user'], limits: [{ window: 'month', max: 1 }] },
  { id: 'scheduled', resource: 'scheduled', per: ['user'], limits: [{ window: 'month', max: 1 }] },
  { id: 'kept', resource: 'kept', per: ['user'], limits: [{ window: 'month', max: 1 }] },
] as const;
const LIMITS = [{ window: 'month', add: 1 }] as const;

describe('overrides of two nodes on one Redis', () => {
  let redis: RedisProcess;
  let directory: TemporaryDirectory;
  let nodes: [OpenedQuota, OpenedQuota];
  beforeAll(async () => {
    redis = await RedisProcess.start();
    directory = await temporaryDirectory();
    const open = (name: string) =>
      openQuota({
        redis: { url: redis.url },
        rules: RULES,
        directory: join(directory.path, name),
        deadlineMs: 500,
      });
    nodes = [await open('a'), await open('b')];
    await eventually(() => nodes.every(({ engine }) => engine.status().mode === 'exact'));
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await redis.stop();
    await directory.remove();
  });

  const checkOn = (node: number, user: string, resource = 'ocr') =>
    nodes[node % 2]!.engine.check({ resource, subject: { user } });

  it('are in force on the next check of the other node, 200 of 200, and gone on the next as well', async () => {
    let [more, less] = [0, 0];
    for (let n = 0; n < 200; n++) {
      const [user, setter] = [`u${n}`, nodes[n % 2]!.overrides];
      await checkOn(n, user);
      await setter.set({ rule: 'ocr', subject: { user }, limits: LIMITS });
      const raised = await checkOn(n + 1, user);
      if (raised.allowed && raised.limits[0]?.max === 2 && raised.limits[0].source === 'override') more++;
      await setter.remove('ocr', { user });
      const lowered = await checkOn(n + 1, user);
      if (!lowered.allowed && lowered.limits[0]?.max === 1 && lowered.limits[0].source === 'rule') less++;
    }
    expect({ more, less }).toEqual({ more: 200, less: 200 });
  });

  it('and packs and tiers are in force on the next check of the other node, 200 of 200', async () => {
    let [packed, tiered] = [0, 0];
    for (let n = 0; n < 200; n++) {
      const subject = { user: `p${n}` };
      await checkOn(n, subject.user, 'packed');
      await nodes[n % 2]!.engine.packs.add({
        resource: 'packed',
        subject,
        amount: 1,
        operationId: `order-${n}`,
      });
      const more = await checkOn(n + 1, subject.user, 'packed');
      const none = await checkOn(n, subject.user, 'packed');
      if (more.allowed && more.packs?.[0]?.remaining === 0 && !none.allowed) packed++;
      await checkOn(n, subject.user, 'tiered');
      const { engine } = nodes[(n + 1) % 2]!;
      const upgraded = await engine.check({ resource: 'tiered', subject: { ...subject, plan: 'vip' } });
      const full = await engine.check({ resource: 'tiered', subject: { ...subject, plan: 'vip' } });
      if (upgraded.allowed && upgraded.limits[0]?.source === 'tier' && !full.allowed) tiered++;
    }
    expect({ packed, tiered }).toEqual({ packed: 200, tiered: 200 });
  });

  it('and schedules, which a write of the rule sets and takes off, are in force on the next check, 200 of 200', async () => {
    const when = [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], max: 2 }] as const;
    let inForce = 0;
    for (let n = 0; n < 200; n++) {
      const [user, hasSchedule] = [`s${n}`, n % 2 === 0];
      await checkOn(n, user, 'scheduled');
      const limits = [{ window: 'month', max: 1, ...(hasSchedule && { when }) }] as const;
      await nodes[(n >> 1) % 2]!.admin.patch('scheduled', { limits });
      const { allowed, limits: states } = await checkOn((n >> 1) + 1, user, 'scheduled');
      const wanted = hasSchedule ? { source: 'schedule', max: 2 } : { source: 'rule', max: 1 };
      const [{ source, max } = {}] = states;
      if (allowed === hasSchedule && source === wanted.source && max === wanted.max) inForce++;
    }
    expect(inForce).toBe(200);
  });

  it('leave a reservation of one node to the other, with what packs give beyond what is held', async () => {
    const subject = { user: 'held' };
    await nodes[0].engine.packs.add({ resource: 'packed', subject, amount: 5, operationId: 'order-held' });
    const { reservation } = await nodes[0].engine.reserve({ resource: 'packed', subject, amount: 2 });
    expect(reservation).toMatchObject({ state: 'held', packs: [{ meter: 'units', taken: 1 }] });
    const committed = await nodes[1].engine.commit(reservation!.id, { amount: 5 });
    expect(committed.reservation).toMatchObject({
      committed: { units: 5 },
      overage: { units: 3 },
      packs: [{ meter: 'units', taken: 4 }],
    });
    expect(committed.limits).toMatchObject([{ used: 1, reserved: 0 }]);
  });

  it('hold as last known while Redis is away, and no write pretends to be done', async () => {
    await nodes[0].overrides.set({
      rule: 'kept',
      subject: { user: 'u1' },
      limits: [{ window: 'month', set: 0 }],
    });
    expect((await checkOn(0, 'u1', 'kept')).allowed).toBe(false);
    redis.freeze();
    try {
      const without = await checkOn(0, 'u1', 'kept');
      expect(without).toMatchObject({ allowed: false, limits: [{ max: 0, source: 'override' }] });
      expect(without.degraded).toMatchObject({ policy: 'local' });
      const write = nodes[0].overrides.set({ rule: 'kept', subject: { user: 'u2' }, limits: LIMITS });
      await expect(write).rejects.toMatchObject({ code: 'store-unavailable' });
    } finally {
      redis.thaw();
    }
    await eventually(() => nodes[0].engine.status().mode === 'exact');
    expect(await checkOn(1, 'u1', 'kept')).toMatchObject({
      allowed: false,
      limits: [{ source: 'override' }],
    });
  });
});
