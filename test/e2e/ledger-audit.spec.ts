import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceProcess } from '../support/service-process.js';

const ADMIN = 'admin-key-of-16-chars';
const SHOP = 'check-key-of-16-chars';
const LIMITS = [{ window: 'day', max: 3 }];

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start({
    env: {
      SUNDIAL_ADMIN_KEYS: `ops=${ADMIN}`,
      SUNDIAL_CHECK_KEYS: `shop=${SHOP}`,
      SUNDIAL_LAME_DUCK_MS: '0',
      SUNDIAL_NODE_NAME: 'one',
    },
  });
  await admin('POST', '/admin/rules', { id: 'scan', resource: 'scan', per: ['user'], limits: LIMITS });
});
afterAll(() => service.stop());

const admin = (method: string, path: string, body?: unknown) =>
  service.fetchJson(method, path, body, { authorization: `Bearer ${ADMIN}` });
const shop = (path: string, body: unknown) =>
  service.fetchJson('POST', path, body, { authorization: `Bearer ${SHOP}` });

describe('the audit', () => {
  it('knows who changed a rule, why, and what it was before; a rule can be that again', async () => {
    const rule = { resource: 'fax', per: ['user'], limits: LIMITS };
    const { version } = (await admin('POST', '/admin/rules?reason=new', { id: 'fax', ...rule })).body;
    await admin('PATCH', '/admin/rules/fax?reason=more', { limits: [{ window: 'day', max: 9 }] });
    const { audit } = (await admin('GET', '/admin/audit?rule=fax&action=rule-changed')).body;
    expect(audit).toMatchObject([
      {
        actor: 'ops',
        target: 'fax',
        reason: 'more',
        before: { limits: [{ max: 3 }] },
        after: { limits: [{ max: 9 }] },
      },
    ]);
    const back = await admin('POST', '/admin/rules/fax/rollback', { version, reason: 'too many' });
    expect(back).toMatchObject({ status: 200, body: { rule: { limits: [{ window: 'day', max: 3 }] } } });
    expect((await admin('GET', '/admin/audit?rule=fax&limit=1')).body.audit).toMatchObject([
      {
        outcome: 'rule-rolled-back',
        reason: 'too many',
        before: { limits: [{ max: 9 }] },
        answered: { to: version },
      },
    ]);
  });

  it('brings back a rule that was deleted, and says where it knows none', async () => {
    const { version } = (await admin('GET', '/admin/rules')).body;
    await admin('DELETE', '/admin/rules/fax');
    expect(await admin('POST', '/admin/rules/fax/rollback', { version })).toMatchObject({
      status: 200,
      body: { rule: { id: 'fax' } },
    });
    expect(await admin('POST', '/admin/rules/fax/rollback', { version: 1 })).toMatchObject({
      status: 404,
      body: { code: 'rule-not-found' },
    });
    expect(
      (await admin('POST', '/admin/rules/fax/rollback', { version: '1', because: 1 })).body.errors,
    ).toMatchObject([{ path: 'because' }, { path: 'version' }]);
  });

  it('knows every rule of a set that was replaced', async () => {
    const { rules } = (await admin('GET', '/admin/rules?limit=500')).body;
    const without = rules.filter(({ id }: { id: string }) => id !== 'fax');
    await admin('PUT', '/admin/rules?reason=cleared', { rules: without });
    expect((await admin('GET', '/admin/audit?rule=fax&limit=1')).body.audit).toMatchObject([
      { outcome: 'rule-deleted', reason: 'cleared', before: { id: 'fax' } },
    ]);
  });

  it('knows gates', async () => {
    await admin('PUT', '/admin/gates/scan', { gate: 'closed', reason: 'stop' });
    await admin('PUT', '/admin/gates/scan', { gate: 'normal' });
    const { audit } = (await admin('GET', '/admin/audit?action=gate-set')).body;
    expect(audit).toMatchObject([
      { actor: 'ops', resource: 'scan', after: { gate: 'normal' } },
      { actor: 'ops', resource: 'scan', reason: 'stop', after: { gate: 'closed' } },
    ]);
    expect((await admin('GET', '/admin/audit?action=in-force')).body.audit[0]).toMatchObject({
      kind: 'control',
      control: 'gate',
    });
  });
});

describe('what is recorded of a subject', () => {
  it('can be given out and deleted, and nothing then names it', async () => {
    await shop('/check', { resource: 'scan', subject: { user: 'private-person' }, operationId: 'q1' });
    const query = '/admin/subjects/data?user=private-person';
    expect((await admin('GET', query)).body.events).toMatchObject([{ kind: 'check', operationId: 'q1' }]);
    const gone = await admin('DELETE', `${query}&reason=asked%20for`);
    expect(gone.body).toMatchObject({
      subject: { user: 'private-person' },
      deleted: { events: 1 },
      nodes: ['one'],
    });
    expect((await admin('GET', query)).body.events).toEqual([]);
    expect((await admin('GET', '/admin/operations/q1')).body.operations).toEqual([]);
    const { audit } = (await admin('GET', '/admin/audit?action=subject-data-deleted')).body;
    expect(audit).toMatchObject([{ reason: 'asked for', after: { attributes: ['user'] } }]);
    expect(JSON.stringify(audit)).not.toContain('private-person');
  });
});
