import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Decision, QuotaClient } from '@sundial/client';
import { eventually } from '../support/eventually.js';
import { RunningService } from '../support/running-service.js';

const SUBJECT = { user: 'u1' };

let service: RunningService;
let client: QuotaClient;

beforeEach(async () => {
  // A drill of the store lets a check, and the batch that it is in, wait for the deadline.
  service = await RunningService.start({ SUNDIAL_CLOCK_OFFSET_MS: '0', SUNDIAL_DEADLINE_MS: '100' });
  await put('/admin/rules/scan', {
    resource: 'scan',
    per: ['user'],
    degrade: 'allow',
    limits: [{ window: 'year', max: 1_000 }],
  });
});
afterEach(async () => {
  await client.close({ timeoutMs: 0 });
  await service.stop();
});

async function put(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${service.url}${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
}

const check = (resource: string): Promise<Decision> => client.check({ resource, subject: SUBJECT });

describe('gates that a client learned of', () => {
  it('hold where the service is away, before the fallback', async () => {
    client = new QuotaClient({
      url: service.url,
      deadlineMs: 1_000,
      fallback: { default: 'deny', scan: 'allow' },
    });
    const onDeny = { code: 'SCAN_CLOSED', action: 'come-back' };
    await put('/admin/gates/scan', { gate: 'closed', onDeny });
    await put('/admin/gates/chat', { gate: 'open' });
    await expect(check('scan')).resolves.toMatchObject({
      allowed: false,
      reason: 'gate-closed',
      degraded: null,
    });
    await expect(check('chat')).resolves.toMatchObject({
      allowed: true,
      reason: 'gate-open',
      degraded: null,
    });
    await check('mail');
    await service.stop();

    const gone = { cause: 'unreachable' };
    const closed = { allowed: false, reason: 'gate-closed', onDeny, degraded: gone };
    await expect(check('scan')).resolves.toMatchObject(closed);
    await expect(check('chat')).resolves.toMatchObject({
      allowed: true,
      reason: 'gate-open',
      degraded: gone,
    });
    await expect(check('mail')).resolves.toMatchObject({ allowed: false, reason: 'degraded' });
    service = await RunningService.start();
  });
});

describe.each(['client', 'service', 'store', 'both'] as const)(
  'a drill of one resource with fault %s',
  (fault) => {
    it('is an outage of that one alone, alone and in merged requests, and its counters are exact afterwards', async () => {
      client = new QuotaClient({ url: service.url, deadlineMs: 1_000, retries: 0 });
      await check('scan');
      const until = new Date(Date.now() + 60_000).toISOString();
      await put('/admin/drills/scan', { fault, percent: 100, until });
      const decisions: Promise<readonly [string, Decision]>[] = [];
      for (let n = 0; n < 30; n += 1) {
        for (const resource of n % 3 === 0 ? ['scan', 'mail', 'scan', 'chat'] : [['scan', 'mail'][n % 2]!]) {
          decisions.push(check(resource).then((decision) => [resource, decision] as const));
        }
        await new Promise((later) => setTimeout(later, 15));
      }
      for (const [resource, { allowed, degraded }] of await Promise.all(decisions)) {
        expect({ resource, allowed, isDegraded: degraded !== null }).toEqual({
          resource,
          allowed: true,
          isDegraded: resource === 'scan',
        });
      }
      await fetch(`${service.url}/admin/drills/scan`, { method: 'DELETE' });
      await expect(client.flush()).resolves.toMatchObject({ pending: 0 });
      const asked = (await Promise.all(decisions)).filter(([resource]) => resource === 'scan').length;
      // What the drilled store did not count is settled by the service.
      await eventually(async () => {
        const { limits } = await client.usage({ resource: 'scan', subject: SUBJECT });
        expect(limits[0]?.used).toBe(1 + asked);
        return true;
      });
    });
  },
);
