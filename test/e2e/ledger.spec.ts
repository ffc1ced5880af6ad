import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { ServiceProcess } from '../support/service-process.js';

const ADMIN = 'admin-key-of-16-chars';
const SHOP = 'check-key-of-16-chars';
const SUBJECT = { user: 'u1' };
const LIMITS = [{ window: 'day', max: 3 }];

let directory: string;
let service: ServiceProcess;

const env = () => ({
  SUNDIAL_ADMIN_KEYS: `ops=${ADMIN}`,
  SUNDIAL_CHECK_KEYS: `shop=${SHOP}`,
  SUNDIAL_LAME_DUCK_MS: '0',
  SUNDIAL_DATA_DIR: directory,
  SUNDIAL_NODE_NAME: 'one',
  // No boundary of a day or an hour comes between two requests.
  SUNDIAL_CLOCK_OFFSET_MS: String(Date.parse('2026-11-18T14:29:26+08:00') - Date.now()),
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sundial-ledger-'));
  service = await ServiceProcess.start({ env: env() });
  await admin('POST', '/admin/rules', { id: 'scan', resource: 'scan', per: ['user'], limits: LIMITS });
});
afterAll(async () => {
  await service.stop();
  await rm(directory, { recursive: true, force: true });
});

const admin = (method: string, path: string, body?: unknown) =>
  service.fetchJson(method, path, body, { authorization: `Bearer ${ADMIN}` });
const shop = (path: string, body: unknown) =>
  service.fetchJson('POST', path, body, { authorization: `Bearer ${SHOP}` });
const text = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(new URL(path, service.url), {
    headers: { authorization: `Bearer ${ADMIN}`, ...headers },
  });
  return { text: await answer.text(), headers: answer.headers };
};
const eventsOf = async (id: string) => {
  const { body } = await admin('GET', `/admin/operations/${encodeURIComponent(id)}`);
  expect(body.operations).toHaveLength(1);
  return body.operations[0].events as Record<string, unknown>[];
};
const inShort = (events: readonly Record<string, unknown>[]) =>
  events.map(
    ({ kind, outcome, replayed }) =>
      `${String(kind)} ${String(outcome)}${replayed === true ? ' replayed' : ''}`,
  );

describe('the history of an operation', () => {
  it('has its checks, repetitions and refunds in order, with who asked, what it took and what the limits were', async () => {
    const check = { resource: 'scan', subject: SUBJECT, operationId: 'order/1 #7' };
    const first = await shop('/check', check);
    await shop('/check', check);
    await shop('/refunds', { ...check, reason: 'it failed' });
    const events = await eventsOf(check.operationId);
    expect(inShort(events)).toEqual(['check allowed', 'check allowed replayed', 'refund refunded']);
    expect(events[0]).toMatchObject({
      at: expect.stringMatching(/^2026-11-18T06:29:/),
      node: 'one',
      resource: 'scan',
      subject: SUBJECT,
      operationId: 'order/1 #7',
      actor: 'shop',
      requestId: first.headers.get('x-request-id'),
      reason: 'ok',
      amounts: { units: 1 },
      rulesVersion: first.body.rulesVersion,
      latencyMs: expect.any(Number),
      limits: [{ rule: 'scan', window: 'day', used: 1, max: 3, startsAt: '2026-11-18T00:00:00+00:00' }],
    });
    expect(events[2]).toMatchObject({ actor: 'shop', reason: 'it failed', amounts: { units: 1 } });
  });

  it('has a reservation from its reserve to its refund', async () => {
    const reserve = { resource: 'scan', subject: { user: 'u2' }, operationId: 'r1', amount: 2 };
    const { id } = (await shop('/reservations', reserve)).body.reservation;
    await shop(`/reservations/${id}/extend`, { amount: 3 });
    await shop(`/reservations/${id}/extend`, { amount: 4 });
    await shop(`/reservations/${id}/commit`, { amount: 1 });
    await shop(`/reservations/${id}/commit`, { amount: 1 });
    await shop('/refunds', { resource: 'scan', subject: { user: 'u2' }, operationId: 'r1' });
    const events = await eventsOf('r1');
    expect(inShort(events)).toEqual([
      'reserve allowed',
      'extend allowed',
      'extend denied',
      'commit committed',
      'commit committed replayed',
      'refund refunded',
    ]);
    expect(events.map(({ amounts }) => (amounts as { units: number }).units)).toEqual([2, 3, 3, 1, 1, 1]);
  });

  it('concludes that a hold has expired which nothing ended', async () => {
    const reserve = { resource: 'scan', subject: { user: 'u3' }, operationId: 'x1', ttlMs: 1_000 };
    const { expiresAt } = (await shop('/reservations', reserve)).body.reservation;
    expect(inShort(await eventsOf('x1'))).toEqual(['reserve allowed']);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const events = await eventsOf('x1');
    expect(inShort(events)).toEqual(['reserve allowed', 'expire released']);
    expect(Date.parse(String(events[1]!['at']))).toBe(Date.parse(expiresAt));
    // A second after it the node looks, and records what it sees.
    const seen = await eventually(async () => {
      const [, expiry] = await eventsOf('x1');
      return expiry?.['outcome'] === 'expired' ? expiry : undefined;
    });
    expect(seen).toMatchObject({ kind: 'expire', amounts: { units: 1 }, subject: { user: 'u3' } });
    expect(Date.parse(String(seen['at']))).toBe(Date.parse(expiresAt));
  });

  it('keeps scopes apart, and knows nothing of an id that was never used', async () => {
    for (const user of ['a', 'b'])
      await shop('/check', { resource: 'scan', subject: { user }, operationId: 'same' });
    const { body } = await admin('GET', '/admin/operations/same');
    expect(body.operations.map(({ subject }: { subject: object }) => subject)).toEqual([
      { user: 'a' },
      { user: 'b' },
    ]);
    expect((await admin('GET', '/admin/operations/never')).body).toEqual({ operations: [], nodes: ['one'] });
  });

  it('has what clients reported, and receipts', async () => {
    const check = { resource: 'scan', subject: { user: 'u4' }, operationId: 'p1' };
    const { receipt } = (await shop('/check', { ...check, receipt: true })).body;
    await shop('/receipts/verify', { receipt, resource: 'scan', consume: true });
    expect(inShort(await eventsOf('p1'))).toEqual(['check allowed', 'receipt issued', 'receipt consumed']);
    const decidedAt = new Date(Date.parse('2026-11-18T14:29:00+08:00')).toISOString();
    const report = {
      ...check,
      operationId: 'p2',
      decidedAt,
      allowed: true,
      policy: 'allow',
      attempted: false,
    };
    await shop('/reports', { reports: [report] });
    expect(await eventsOf('p2')).toMatchObject([
      { kind: 'report', outcome: 'counted', policy: 'allow', actor: 'shop' },
    ]);
  });
});

describe('decisions', () => {
  beforeAll(async () => {
    const checks = Array.from({ length: 5 }, (_, n) => ({
      resource: 'scan',
      subject: { user: 'd' },
      operationId: `d${n}`,
    }));
    await shop('/check/batch', { checks });
  });

  it('are found by subject, outcome and reason, in pages, the newest first', async () => {
    const ids = async (query: string) => {
      const { body } = await admin('GET', `/admin/decisions?user=d&${query}`);
      return [body.decisions.map(({ operationId }: { operationId: string }) => operationId), body.next];
    };
    expect(await ids('')).toEqual([['d4', 'd3', 'd2', 'd1', 'd0'], undefined]);
    expect((await ids('outcome=denied'))[0]).toEqual(['d4', 'd3']);
    expect((await ids('outcome=limit-reached'))[0]).toEqual(['d4', 'd3']);
    const [first, next] = await ids('limit=3');
    expect(first).toEqual(['d4', 'd3', 'd2']);
    expect((await ids(`limit=3&cursor=${encodeURIComponent(next)}`))[0]).toEqual(['d1', 'd0']);
    expect((await ids('resource=other'))[0]).toEqual([]);
    const { body } = await admin('GET', '/admin/decisions?subject=user:d&limit=1');
    expect(body.decisions).toHaveLength(1);
  });

  it('are found by a time in a zone', async () => {
    const count = async (query: string) =>
      (await admin('GET', `/admin/decisions?user=d&timeZone=Asia/Shanghai&${query}`)).body.decisions.length;
    expect(await count('from=2026-11-18T14:29')).toBe(5);
    expect(await count('from=2026-11-18T14:50')).toBe(0);
    expect(await count('to=2026-11-18')).toBe(0);
    expect(await count('from=2026-11-18T06:00:00Z&to=2026-11-19')).toBe(5);
  });

  it('are lines for spreadsheets and programs, none of them a formula', async () => {
    await shop('/check', { resource: 'scan', subject: { user: '=1+1,"x"' }, operationId: '=cmd' });
    const subject = encodeURIComponent(JSON.stringify({ user: '=1+1,"x"' }));
    const csv = await text(`/admin/decisions?subject=${subject}&timeZone=Asia/Shanghai`, {
      accept: 'text/csv',
    });
    expect(csv.headers.get('content-type')).toMatch('text/csv');
    expect(csv.headers.get('x-sundial-nodes')).toBe('one');
    const [columns, line] = csv.text.split('\r\n');
    expect(columns).toMatch(/^at,node,kind,outcome,reason,resource,subject,operationId,/);
    expect(line).toMatch(/^2026-11-18T14:[\d:.]+\+08:00,one,check,allowed,ok,scan,/);
    expect(line).toContain(`,"{""user"":""=1+1,\\""x\\""""}",'=cmd,`);
    const lines = await text('/admin/decisions?user=d&limit=2&format=ndjson');
    expect(lines.headers.get('link')).toMatch(
      /^<\/admin\/decisions\?user=d&limit=2&format=ndjson&cursor=.+>; rel="next"$/,
    );
    expect(
      lines.text
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each).operationId),
    ).toEqual(['d4', 'd3']);
  });

  it('refuse what they do not know, every error at once', async () => {
    const refused = async (path: string) => {
      const { status, body } = await admin('GET', path);
      return [status, body.code, (body.errors as { path: string }[]).map((error) => error.path)];
    };
    expect(await refused('/admin/decisions?limit=0&from=yesterday&timeZone=Mars&format=xml&User=1')).toEqual([
      400,
      'invalid-request',
      ['timeZone', 'from', 'limit', 'format', 'User'],
    ]);
    expect(await refused('/admin/audit?user=d')).toEqual([400, 'invalid-request', ['user']]);
    expect(await refused('/admin/subjects/search?limit=0&page=1')).toEqual([
      ...[400, 'invalid-request'],
      ['page', 'limit'],
    ]);
    expect(await refused('/admin/top?by=luck')).toEqual([400, 'invalid-request', ['by']]);
    expect(await refused('/admin/usage-history')).toEqual([400, 'invalid-request', ['subject']]);
    expect(await refused('/admin/outages/calls')).toEqual([400, 'invalid-request', ['node', 'from']]);
    expect(await refused('/admin/decisions?from=2026-11-19&to=2026-11-18')).toEqual([
      400,
      'invalid-request',
      ['to'],
    ]);
    expect((await shop('/admin/rules/scan/rollback', { version: 1 })).status).toBe(403);
  });
});

describe('sums', () => {
  it('agree with the counters', async () => {
    for (let n = 0; n < 4; n++) await shop('/check', { resource: 'scan', subject: { user: 's' } });
    const { windows } = (await admin('GET', '/admin/usage-history?user=s&window=day&timeZone=Asia/Shanghai'))
      .body;
    expect(windows).toMatchObject([
      {
        rule: 'scan',
        resource: 'scan',
        subject: { user: 's' },
        window: 'day',
        used: 3,
        max: 3,
        allowed: 3,
        denied: 1,
      },
    ]);
    expect(windows[0].startsAt).toBe('2026-11-18T08:00:00+08:00');
    const top = (await admin('GET', '/admin/top?by=denied&resource=scan&limit=2')).body.subjects;
    expect(top).toHaveLength(2);
    expect(top[0]).toMatchObject({ resource: 'scan', subject: { user: 'd' }, denied: 2 });
    const search = await admin('GET', '/admin/subjects/search?q=user=d&limit=5');
    expect(search.body).toMatchObject({ subjects: [{ subject: { user: 'd' } }], nodes: ['one'] });
    expect((await admin('GET', '/admin/outages')).body).toEqual({ outages: [], nodes: ['one'] });
  });
});

describe('a node', () => {
  it('counts what it records for Prometheus', async () => {
    const { text: metrics } = await text('/metrics');
    expect(metrics).toMatch(/^sundial_ledger_events_total [1-9]/m);
    expect(metrics).toMatch(/^sundial_ledger_lost_total 0$/m);
    expect(metrics).toMatch(/^sundial_ledger_queued \d+$/m);
  });

  it('that is killed loses a second at most, and says so', async () => {
    await shop('/check', { resource: 'scan', subject: { user: 'k' }, operationId: 'k1' });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await service.stop('SIGKILL');
    service = await ServiceProcess.start({ env: env() });
    expect(inShort(await eventsOf('k1'))).toEqual(['check allowed']);
    const status = (await admin('GET', '/admin/ledger')).body;
    expect(status).toMatchObject({
      store: 'sqlite',
      covers: 'this node',
      lost: 0,
      findings: [],
      nodes: ['one'],
    });
    expect(status.gaps).toMatchObject([
      { kind: 'gap', outcome: 'killed', node: 'one', from: expect.any(String) },
    ]);
  });

  it('whose ledger is off says so, and counts as before', async () => {
    const off = await ServiceProcess.start({ env: { SUNDIAL_LEDGER: 'off' } });
    try {
      expect((await off.fetchJson('POST', '/check', { resource: 'ocr', subject: SUBJECT })).status).toBe(200);
      expect(await off.fetchJson('GET', '/admin/decisions')).toMatchObject({
        status: 404,
        body: { code: 'ledger-off' },
      });
    } finally {
      await off.stop();
    }
  });
});
