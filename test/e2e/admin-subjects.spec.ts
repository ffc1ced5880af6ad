import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

const LONG = 'a user with spaces, whose name is hashed in keys';
const RULES = [
  {
    id: 'near-me',
    resource: 'scan',
    per: ['user'],
    limits: [
      { window: 'day', max: 10 },
      { window: 'hour', max: 100 },
      { window: 'concurrent', max: 5 },
    ],
  },
  { id: 'in-grade', resource: 'scan', per: ['user', 'grade'], limits: [{ window: 'total', max: 50 }] },
  { id: 'all-together', resource: 'scan', per: [], limits: [{ window: 'day', max: 1_000 }] },
  {
    id: 'speech-a-day',
    resource: 'speech',
    per: ['user'],
    limits: [{ window: 'day', meter: 'tokens', max: 100 }],
  },
  {
    id: 'by-plan',
    resource: 'print',
    per: ['desk'],
    limits: [{ window: 'day', max: 10 }],
    tiers: { by: 'plan', max: { vip: [{ window: 'day', max: 100 }] } },
  },
  {
    id: 'own-day',
    resource: 'fax',
    per: ['desk'],
    timeZone: { by: 'tz', default: 'UTC' },
    limits: [{ window: 'day', max: 5 }],
  },
  { id: 'not-now', resource: 'speech', per: ['user'], limits: [{ window: 'day', max: 1 }], mode: 'off' },
];

describe.each(STORES)('operators and subjects, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
    await service.api.put('/admin/rules').send({ rules: RULES }).expect(200);
    const used = { u1: 9, u2: 8, u3: 1, [LONG]: 10 };
    for (const [user, amount] of Object.entries(used)) await check('scan', { user, grade: '3' }, { amount });
    await check('speech', { user: 'u1' }, { amounts: { tokens: 40 } });
  });
  afterAll(() => service.stop());

  const check = async (resource: string, subject: object, more: object) => {
    const { body } = await service.api.post('/check').send({ resource, subject, ...more });
    expect(body).toMatchObject({ allowed: true });
  };
  const get = async (path: string) => {
    const { status, body } = await service.api.get(path);
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
    return { status, body: body as any };
  };
  const post = async (path: string, sent: object) => {
    const { status, body } = await service.api.post(path).send(sent);
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
    return { status, body: body as any };
  };

  describe('GET /admin/subjects', () => {
    it('finds who is near a limit, the nearest first, and shows hashed values as hashes', async () => {
      const { body } = await get('/admin/subjects?rule=near-me');
      expect(body).toMatchObject({
        ...{ rule: 'near-me', near: 0.8, looked: 4 },
        subjects: [
          { subject: { user: expect.stringMatching(/^~.{43}$/) }, hashed: ['user'], share: 1 },
          { subject: { user: 'u1' }, share: 0.9, limits: [{ used: 9 }, { used: 9 }, { used: 0 }] },
          { subject: { user: 'u2' }, share: 0.8 },
        ],
      });
      expect(body.subjects[1]).not.toHaveProperty('hashed');
      expect(body).not.toHaveProperty('next');
      expect((await get('/admin/subjects?rule=near-me&near=1')).body.subjects).toHaveLength(1);
      expect((await get('/admin/subjects?rule=near-me&near=0')).body.subjects).toHaveLength(4);
    });

    it('finds subjects of many attributes, and the one counter of all', async () => {
      const { body } = await get('/admin/subjects?rule=in-grade&near=0.15');
      expect(body.subjects).toMatchObject([
        { subject: { user: expect.stringMatching(/^~/), grade: '3' }, hashed: ['user'], share: 0.2 },
        { subject: { user: 'u1', grade: '3' }, share: 0.18 },
        { subject: { user: 'u2', grade: '3' }, share: 0.16 },
      ]);
      const all = await get('/admin/subjects?rule=all-together&near=0');
      expect(all.body).toMatchObject({ subjects: [{ subject: {}, limits: [{ used: 28 }] }], looked: 1 });
    });

    it('judges a subject by the max that it has itself', async () => {
      const subject = { user: 'has-more' };
      await check('scan', { ...subject, grade: '9' }, { amount: 10 });
      const share = async () => {
        const { body } = await get('/admin/subjects?rule=near-me&near=0');
        const states = body.subjects as { subject: { user: string }; share: number }[];
        return states.find(({ subject: { user } }) => user === 'has-more')?.share;
      };
      expect(await share()).toBe(1);
      const limits = [{ window: 'day', set: 100 }];
      await service.api.put('/admin/overrides').send({ rule: 'near-me', subject, limits }).expect(200);
      expect(await share()).toBe(0.1);
      const lowered = [{ window: 'day', set: 9 }];
      await service.api
        .put('/admin/overrides')
        .send({ rule: 'near-me', subject, limits: lowered })
        .expect(200);
      expect(await share()).toBe(1.111);
      await post('/admin/subjects/reset', { rule: 'near-me', subject });
      expect(await share()).toBe(0);
    });

    it.each([
      ['rule=none', 404, 'rule-not-found'],
      ['rule=not-now', 400, 'invalid-request'],
      ['near=0.5', 400, 'invalid-request'],
      ['rule=near-me&near=much', 400, 'invalid-request'],
      ['rule=near-me&cursor=eCB5IHo', 400, 'invalid-request'],
      ['rule=near-me&naer=1', 400, 'invalid-request'],
    ])('refuses ?%s', async (query, status, code) => {
      expect(await get(`/admin/subjects?${query}`)).toMatchObject({ status, body: { code } });
    });
  });

  describe('GET /admin/subjects/usage', () => {
    it('says what a subject has used of all resources', async () => {
      const { body } = await get('/admin/subjects/usage?user=u1');
      expect(body.resources).toMatchObject([
        { resource: 'scan', limits: [{ rule: 'near-me', used: 9 }, { used: 9 }, {}] },
        { resource: 'speech', limits: [{ rule: 'speech-a-day', meter: 'tokens', used: 40 }] },
      ]);
      const withGrade = await get('/admin/subjects/usage?user=u1&grade=3');
      const rules = withGrade.body.resources[0].limits.map(({ rule }: { rule: string }) => rule);
      expect(new Set(rules)).toEqual(new Set(['in-grade', 'near-me']));
      expect((await get('/admin/subjects/usage?user=u1&cursor=near-me')).body.resources).toMatchObject([
        { resource: 'speech' },
      ]);
      expect((await get('/admin/subjects/usage?grade=9')).body.resources).toEqual([]);
    });

    it('takes attributes that say the tier or the zone of a subject, and no rule counts by', async () => {
      await check('print', { desk: 'd1', plan: 'vip' }, { amount: 40 });
      await check('fax', { desk: 'd1', tz: 'Pacific/Kiritimati' }, { amount: 3 });
      const fax = {
        resource: 'fax',
        limits: [{ rule: 'own-day', used: 3, timeZone: 'Pacific/Kiritimati' }],
      };
      const vip = await get('/admin/subjects/usage?desk=d1&plan=vip&tz=Pacific/Kiritimati');
      expect(vip.body.resources).toMatchObject([
        { resource: 'print', limits: [{ rule: 'by-plan', max: 100, source: 'tier', used: 40 }] },
        fax,
      ]);
      const unsaid = await get('/admin/subjects/usage?desk=d1');
      expect(unsaid.body.resources).toMatchObject([
        { resource: 'print', limits: [{ max: 10, source: 'rule', used: 40 }] },
        fax,
      ]);
      const ownDay = await get('/admin/subjects?rule=own-day&near=0.5');
      expect(ownDay).toMatchObject({ status: 200, body: { subjects: [{ share: 0.6, limits: fax.limits }] } });
      const near = await get('/admin/subjects?rule=by-plan');
      expect(near.body.subjects).toMatchObject([{ share: 4, limits: [{ max: 10, source: 'rule' }] }]);
    });

    it('takes a value as its hash, as it is shown', async () => {
      const [{ subject }] = (await get('/admin/subjects?rule=near-me&near=1')).body.subjects;
      const asHash = await get(`/admin/subjects/usage?user=${subject.user}`);
      const asText = await get(`/admin/subjects/usage?user=${encodeURIComponent(LONG)}`);
      expect(asHash.body.resources).toEqual(asText.body.resources);
      expect(asHash.body.resources[0].limits[0]).toMatchObject({ used: 10 });
    });

    it('refuses what is no subject', async () => {
      expect(await get('/admin/subjects/usage?USER=u1')).toMatchObject({ status: 400 });
      expect(await get('/admin/subjects/usage?user=u1&user=u2')).toMatchObject({ status: 400 });
    });
  });

  describe('POST /admin/subjects/reset', () => {
    it('sets what is used to 0 and keeps the windows and what is held, which it names', async () => {
      const subject = { user: 'reset-1' };
      await check('scan', { ...subject, grade: '3' }, { amount: 6 });
      const reserve = { resource: 'scan', subject: { ...subject, grade: '3' }, amount: 2, ttlMs: 60_000 };
      const { body: held } = await post('/reservations', reserve);
      const before = (await get('/admin/subjects/usage?user=reset-1')).body.resources[0].limits;
      expect(before[0]).toMatchObject({ used: 6, reserved: 2 });
      const { expiresAt } = held.reservation;
      const at = (instant: string) => new Date(instant).toISOString();
      const live = { rule: 'near-me', onExpiry: 'release', amounts: { units: 2 }, expiresAt: at(expiresAt) };
      const [resource] = (await service.api.get(`/admin/subjects/usage?user=${subject.user}`)).body.resources;
      expect(resource.holds).toEqual([live]);
      const { status, body } = await post('/admin/subjects/reset', {
        rule: 'near-me',
        subject,
        reason: 'twice',
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        subject,
        rules: [
          {
            ...{ rule: 'near-me', resource: 'scan' },
            limits: [
              {
                window: 'day',
                used: 0,
                reserved: 2,
                startsAt: before[0].startsAt,
                resetsAt: before[0].resetsAt,
              },
              { window: 'hour', used: 0, reserved: 2 },
              { window: 'concurrent', used: 0, reserved: 2 },
            ],
            holds: [{ onExpiry: 'release', amounts: { units: 2 }, expiresAt: expect.any(String) }],
          },
        ],
      });
      expect(Date.parse(body.rules[0].holds[0].expiresAt)).toBe(Date.parse(held.reservation.expiresAt));
      const { body: committed } = await post(`/reservations/${held.reservation.id}/commit`, {});
      expect(committed.limits).toContainEqual(
        expect.objectContaining({ window: 'day', used: 2, reserved: 0 }),
      );
      expect(
        (await get('/admin/subjects/usage?user=reset-1&grade=3')).body.resources[0].limits,
      ).toContainEqual(expect.objectContaining({ rule: 'in-grade', used: 8 }));
    });

    it('resets all rules that count by exactly its attributes', async () => {
      await check('scan', { user: 'reset-2', grade: '1' }, { amount: 3 });
      await check('speech', { user: 'reset-2' }, { amounts: { tokens: 7 } });
      const { body } = await post('/admin/subjects/reset', { subject: { user: 'reset-2' } });
      expect(body.rules).toMatchObject([
        { rule: 'near-me', limits: [{ used: 0 }, { used: 0 }, { used: 0 }], holds: [] },
        { rule: 'speech-a-day', limits: [{ used: 0 }] },
      ]);
      const left = await get('/admin/subjects/usage?user=reset-2&grade=1');
      expect(left.body.resources[0].limits).toContainEqual(
        expect.objectContaining({ rule: 'in-grade', used: 3 }),
      );
    });

    it('takes the hash of a value as it is shown', async () => {
      const user = 'reset this one, please';
      await check('scan', { user, grade: '3' }, { amount: 10 });
      const near = (await get('/admin/subjects?rule=near-me&near=1')).body.subjects;
      const hashes = near.map(({ subject }: { subject: { user: string } }) => subject.user) as string[];
      const usages = await Promise.all(
        hashes.map((hash) => post('/admin/subjects/reset', { rule: 'near-me', subject: { user: hash } })),
      );
      expect(usages.every(({ status }) => status === 200)).toBe(true);
      const { body } = await get(`/admin/subjects/usage?user=${encodeURIComponent(user)}`);
      expect(body.resources[0].limits[0]).toMatchObject({ used: 0 });
    });

    it.each([
      ['a rule that is not there', { rule: 'none', subject: { user: 'u1' } }, 404],
      [
        'a subject that the rule does not count',
        { rule: 'near-me', subject: { user: 'u1', grade: '3' } },
        400,
      ],
      ['a subject that no rule counts', { subject: { shop: 's1' } }, 400],
      ['every subject at once', { subject: {} }, 400],
      ['an unknown field', { subject: { user: 'u1' }, resource: 'scan' }, 400],
      ['no subject', { rule: 'near-me' }, 400],
    ])('refuses %s, and changes nothing', async (_what, body, status) => {
      const before = await get('/admin/subjects/usage?user=u1&grade=3');
      expect((await post('/admin/subjects/reset', body)).status).toBe(status);
      expect((await get('/admin/subjects/usage?user=u1&grade=3')).body).toEqual(before.body);
    });
  });
});
