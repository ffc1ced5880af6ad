import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

describe.each(STORES)('preconditions of /admin/rules, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
  });
  afterAll(() => service.stop());

  const path = '/admin/rules/guarded';
  const rule = { id: 'guarded', resource: 'guarded', per: ['user'], limits: [{ window: 'day', max: 1 }] };
  let current: string;
  let stale: string;
  beforeEach(async () => {
    await service.api.delete(path);
    stale = (await service.api.post('/admin/rules').send(rule)).headers['etag'] as string;
    current = (await service.api.patch(path).send({ description: 'changed' })).headers['etag'] as string;
  });

  const writes = {
    put: () => service.api.put(path).send({ ...rule, limits: [{ window: 'day', max: 9 }] }),
    patch: () => service.api.patch(path).send({ limits: [{ window: 'day', max: 9 }] }),
    delete: () => service.api.delete(path),
  };
  const max = async () => (await service.api.get(path)).body.limits?.[0].max as number | undefined;

  describe.each(['put', 'patch', 'delete'] as const)('%s', (method) => {
    it.each([
      ['the current revision', () => current],
      ['a list that holds it', () => `"0", ${current}`],
      ['a list that holds it first', () => `${current}, "99999"`],
      ['*', () => '*'],
    ])('is done when If-Match is %s', async (_what, tag) => {
      expect((await writes[method]().set('if-match', tag())).status).toBe(200);
      expect(await max()).toBe(method === 'delete' ? undefined : 9);
    });

    it.each([
      ['a stale revision', () => stale],
      ['a revision yet to come', () => '"99999"'],
      ['the current revision as a weak tag', () => `W/${current}`],
      ['a tag that is no revision', () => '"abc"'],
      ['the current revision without quotes', () => current.replaceAll('"', '')],
      ['nothing at all', () => ''],
    ])('changes nothing and answers 412 when If-Match is %s', async (_what, tag) => {
      const { status, body } = await writes[method]().set('if-match', tag());
      expect(status).toBe(412);
      expect(body).toMatchObject({ code: 'rule-changed', status: 412 });
      expect(await max()).toBe(1);
    });
  });

  // It was overwritten: a caller who wants to create a rule must not replace another operator's.
  it.each(['*', 'current'])('put replaces nothing when If-None-Match is %s', async (tag) => {
    const answer = await writes.put().set('if-none-match', tag === '*' ? '*' : current);
    expect(answer.status).toBe(412);
    expect(await max()).toBe(1);
    expect((await writes.put().set('if-none-match', stale)).status).toBe(200);
  });

  it('one of many writers with the same revision wins', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => writes.put().set('if-match', current)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
  });

  it.each([
    ['one rule', path],
    ['all rules', '/admin/rules'],
  ])('304 for %s that the caller has', async (_what, target) => {
    const { headers } = await service.api.get(target);
    const tag = headers['etag'] as string;
    for (const known of [tag, `W/${tag}`, `"0", ${tag}`, '*']) {
      const answer = await service.api.get(target).set('if-none-match', known);
      expect(answer.status).toBe(304);
      expect(answer.text).toBe('');
      expect(answer.headers['etag']).toBe(tag);
    }
    expect((await service.api.get(target).set('if-none-match', stale)).status).toBe(200);
  });
});
