import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisProcess } from '../support/redis-process.js';
import { RunningService, STORES } from '../support/running-service.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const RULE = {
  id: 'night-per-user',
  resource: 'night',
  per: ['user'],
  timeZone: 'Asia/Shanghai',
  limits: [
    { window: 'day', max: 10 },
    { window: 'total', max: 100 },
  ],
};
const YESTERDAY = '2026-11-18T00:00:00+08:00';
const TODAY = '2026-11-19T00:00:00+08:00';
const BEFORE_MS = Date.parse('2026-11-18T23:59:30+08:00');
const AFTER_MS = Date.parse('2026-11-19T00:00:30+08:00');

/** What each user reserves before midnight: three units each. */
const HOLDS = {
  'commits more': {},
  'commits less': {},
  releases: {},
  'commits into a new day': {},
  'releases into a new day': {},
  'expired yesterday': { ttlMs: 10_000 },
  'expired today': { ttlMs: 45_000 },
  'counted yesterday': { ttlMs: 10_000, onExpiry: 'commit' },
} as const;
type User = keyof typeof HOLDS;

/**
 * Reservations that are taken before midnight and end after it. The service is ended at 23:59:30 by the clock that its store
 * decides by, and started at 00:00:30 on what it left behind, so no test waits for midnight.
 */
describe.each(STORES)('a reservation over midnight, %s', (store) => {
  const undo: (() => Promise<unknown>)[] = [];
  const ids = new Map<User, string>();
  let service: RunningService;

  beforeAll(async () => {
    const directory = await temporaryDirectory();
    undo.push(() => directory.remove());
    const redis = store === 'redis' ? await RedisProcess.start() : undefined;
    if (redis) undo.push(() => redis.stop());
    const startAt = (instantMs: number) =>
      RunningService.start({
        SUNDIAL_DATA_DIR: directory.path,
        SUNDIAL_CLOCK_OFFSET_MS: String(instantMs - Date.now()),
        ...(redis && { REDIS_URL: redis.url }),
      });
    service = await startAt(BEFORE_MS);
    await service.api.post('/admin/rules').send(RULE).expect(201);
    for (const user of Object.keys(HOLDS) as User[]) {
      const { body } = await service.api
        .post('/reservations')
        .send({ ...nightOf(user), amount: 3, ttlMs: 600_000, ...HOLDS[user] });
      expect(body).toMatchObject({ limits: [{ reserved: 3, startsAt: YESTERDAY }, { reserved: 3 }] });
      ids.set(user, body.reservation.id);
    }
    await service.stop();
    service = await startAt(AFTER_MS);
  });
  afterAll(async () => {
    await service.stop();
    for (const step of undo.reverse()) await step();
  });

  const nightOf = (user: User) => ({ resource: 'night', subject: { user } });
  const end = async (user: User, verb: 'commit' | 'release', body: object = {}) =>
    (
      await service.api
        .post(`/reservations/${ids.get(user)}/${verb}`)
        .send(body)
        .expect(200)
    ).body;
  const look = async (user: User) =>
    (await service.api.get(`/reservations/${ids.get(user)}`).expect(200)).body;
  /** Used and reserved, today and in total. */
  const today = async (user: User) => {
    const { body } = await service.api.get('/usage').query({ resource: 'night', user });
    expect(body.limits[0].startsAt).toBe(TODAY);
    return body.limits.map(({ used, reserved }: { used: number; reserved: number }) => [used, reserved]);
  };
  const yesterday = (used: number) => ({
    window: 'day',
    used,
    reserved: 0,
    startsAt: YESTERDAY,
    resetsAt: TODAY,
  });
  const total = (used: number) => ({ window: 'total', used, reserved: 0, startsAt: null });

  it('is counted in the day that its units were taken from, also where it used more', async () => {
    const { reservation, limits } = await end('commits more', 'commit', { amount: 5 });
    expect(reservation).toMatchObject({ state: 'committed', overage: { units: 2 } });
    expect(limits).toMatchObject([yesterday(5), total(5)]);
    expect(await today('commits more')).toEqual([
      [0, 0],
      [5, 0],
    ]);
  });

  it('gives what it did not use back to that day', async () => {
    const { limits } = await end('commits less', 'commit', { amount: 1 });
    expect(limits).toMatchObject([yesterday(1), total(1)]);
    expect(await today('commits less')).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('leaves the new day alone when it is released', async () => {
    const { limits } = await end('releases', 'release');
    expect(limits).toMatchObject([yesterday(0), total(0)]);
    const { body } = await service.api.post('/check').send({ ...nightOf('releases'), amount: 10 });
    expect(body).toMatchObject({ allowed: true, limits: [{ used: 10, startsAt: TODAY }, { used: 10 }] });
  });

  it.each(['commit', 'release'] as const)(
    'changes nothing but the total on %s once the new day has replaced its day',
    async (verb) => {
      const user = `${verb}s into a new day` as const;
      await service.api.post('/check').send(nightOf(user)).expect(200);
      const { limits } = await end(user, verb);
      const left = verb === 'commit' ? 4 : 1;
      expect(limits).toMatchObject([total(left)]);
      expect(limits).toHaveLength(1);
      expect(await today(user)).toEqual([
        [1, 0],
        [left, 0],
      ]);
    },
  );

  it.each(['expired yesterday', 'expired today'] as const)(
    'that %s gave back to its own day',
    async (user) => {
      const { reservation, limits } = await look(user);
      expect(reservation.state).toBe('expired');
      expect(limits).toMatchObject([yesterday(0), total(0)]);
      const late = await end(user, 'commit');
      expect(late.reservation).toMatchObject({ state: 'committed', late: true });
      expect(late.limits).toMatchObject([yesterday(3), total(3)]);
      expect(await today(user)).toEqual([
        [0, 0],
        [3, 0],
      ]);
    },
  );

  it('that counts at its expiry was counted in its own day', async () => {
    const { reservation, limits } = await look('counted yesterday');
    expect(reservation.state).toBe('expired');
    expect(limits).toMatchObject([yesterday(3), total(3)]);
    expect(await today('counted yesterday')).toEqual([
      [0, 0],
      [3, 0],
    ]);
  });
});
