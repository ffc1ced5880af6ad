import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { en } from '../../apps/console/src/text/en.js';
import { eventually } from '../support/eventually.js';
import { watchLongTasks } from './long-tasks.js';
import { Site, type Keys } from './site.js';
import { SteadyChecks } from './steady-checks.js';
import { TestBrowser } from './test-browser.js';

/** The main job of each page, once, against three nodes with a Redis and a PostgreSQL. */
const KEYS: Keys = { mei: { role: 'admin', key: 'rules-and-all-1' } };
const SUBJECT = { user: 'u-1' };
/** What the wall may keep the browser from answering for, with 2,000 decisions a second. */
const LONGEST_TASK_MS = 200;

const browser = new TestBrowser();
let site: Site;
const receiving = createServer((request, response) => {
  request.resume();
  response.writeHead(204).end();
});
beforeAll(async () => {
  receiving.listen(0, '127.0.0.1');
  await once(receiving, 'listening');
  site = await Site.start(KEYS, { SUNDIAL_WEBHOOK_ALLOW: '127.0.0.1', SUNDIAL_DEADLINE_MS: '500' });
}, 120_000);
afterAll(async () => {
  await site?.stop();
  receiving.close();
}, 60_000);

const signIn = (path: string) => browser.signIn({ url: site.url, key: KEYS['mei']!.key, path });

const checkAt = (node: number, operationId: string, amount = 1) =>
  site.ask('POST', '/check', { resource: 'ocr', subject: SUBJECT, operationId, amount }, { node });

describe('on three nodes', () => {
  it('a rule that is saved is in force on all of them', async () => {
    const page = await signIn('rules/ocr-per-user');
    await page.getByLabel(en.max).first().fill('25');
    await page.getByRole('button', { name: en.save }).click();
    await page.getByText('applied on 3 of 3 nodes').waitFor();
    for (const node of [0, 1, 2]) {
      const { body } = await checkAt(node, `after-save-${node}`, 0);
      expect([node, body.limits[0].max]).toEqual([node, 25]);
    }
  }, 30_000);

  it('a subject is found by how it begins, and what it is raised to holds on another one', async () => {
    await checkAt(1, 'counted');
    const page = await signIn('subject');
    await page.getByLabel(en.findSubject).fill('u-');
    await page.getByRole('link', { name: 'user=u-1' }).click();
    const ofADay = page.getByRole('listitem').filter({ hasText: 'ocr-per-user' }).first();
    await ofADay.getByRole('button', { name: en.raiseToday }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(en.raiseBy).fill('75');
    await dialog.getByLabel(en.reason).fill('the exam week');
    await dialog.getByRole('button', { name: en.raiseNow }).click();
    await page.getByText(en.done).first().waitFor();
    const raised = { window: 'day', max: 100, source: 'override' };
    expect((await checkAt(2, 'raised', 0)).body.limits).toContainEqual(expect.objectContaining(raised));
  }, 30_000);

  it('an operation is followed from one to the next', async () => {
    const held = await site.ask('POST', '/reservations', {
      ...{ resource: 'llm', subject: SUBJECT, operationId: 'essay', amount: 2 },
    });
    await site.ask('POST', `/reservations/${held.body.reservation.id}/commit`, { amount: 1 }, { node: 2 });
    const page = await signIn('trace?operation=essay');
    const timeline = page.getByRole('region', { name: en.timeline });
    await eventually(async () => {
      await page.reload();
      await timeline.waitFor();
      const text = await timeline.innerText();
      return text.includes('node-a') && text.includes('node-c');
    });
  }, 30_000);

  it('a gate that is closed on one refuses on another', async () => {
    const page = await signIn('controls');
    const gates = page.locator('section').filter({ has: page.getByRole('heading', { name: en.gates }) });
    await gates.getByLabel(en.resource).fill('export');
    await gates.getByLabel(en.reason).fill('the disk is full');
    await gates.getByRole('button', { name: en.set }).click();
    await page.getByRole('dialog').getByRole('button', { name: en.set }).click();
    await gates.getByRole('cell', { name: 'the disk is full' }).waitFor();
    const asked = { resource: 'export', subject: { account: 'a1' } };
    expect((await site.ask('POST', '/check', asked, { node: 1 })).body).toMatchObject({
      reason: 'gate-closed',
    });
  }, 30_000);

  it('a webhook that is made gets what another one sends', async () => {
    const page = await signIn('webhooks/new');
    const { port } = receiving.address() as AddressInfo;
    await page.getByLabel(en.url).fill(`http://127.0.0.1:${port}/hook`);
    await page.getByRole('button', { name: en.save }).click();
    await page.getByText(en.secretOnce).waitFor();
    await site.ask('PUT', '/admin/gates/sms', { gate: 'closed', reason: 'x' }, { node: 1 });
    await eventually(
      async () => {
        await page.reload();
        await page.getByRole('heading', { level: 1 }).waitFor();
        return (await page.getByRole('cell', { name: en.delivery_delivered }).count()) > 0;
      },
      { withinMs: 20_000 },
    );
  }, 40_000);

  it('what was changed on another one is in the audit, with who did it', async () => {
    await site.ask('PUT', '/admin/gates/audited', { gate: 'closed', reason: 'for the audit' }, { node: 1 });
    const page = await signIn('audit');
    await eventually(async () => {
      await page.reload();
      await page.getByRole('table').first().waitFor();
      return (await page.getByRole('cell', { name: 'for the audit' }).count()) > 0;
    });
    await page.getByRole('cell', { name: 'mei' }).first().waitFor();
  }, 30_000);

  it('an outage of the store is an alarm while it holds, and an outage afterwards', async () => {
    const page = await signIn('alarms');
    site.redis.freeze();
    const asked = Array.from({ length: 15 }, (_, n) => checkAt(0, `away-${n}`));
    await Promise.all(asked);
    await page
      .getByText(/12 failures in a row/)
      .first()
      .waitFor();
    site.redis.thaw();
    await eventually(async () => !(await checkAt(0, `back-${Date.now()}`, 0)).body.degraded);
  }, 40_000);
});

describe('the wall', () => {
  it('keeps up with 2,000 decisions a second, and says which node dies', async () => {
    const page = await signIn('wall');
    await page.locator('[data-live=live]').waitFor();
    const longTasks = await watchLongTasks(page);
    const checks = new SteadyChecks(site, 2_000);
    await sleep(6_000);
    const rate = await page.getByText(en.decisionsRate, { exact: true }).first().locator('..').innerText();
    checks.stop();
    expect(Number(/[\d,.]+/.exec(rate.replace(en.decisionsRate, ''))?.[0].replace(/,/g, ''))).toBeGreaterThan(
      500,
    );
    expect(checks.failed).toBe(0);
    expect((await longTasks()).filter((ms) => ms > LONGEST_TASK_MS)).toEqual([]);
    await site.nodes[2]!.stop('SIGKILL');
    await page.getByText('Nodes gone: 1').waitFor({ timeout: 20_000 });
    await site.nodes[0]!.stop('SIGKILL');
    await page.locator('[data-live=lost]').waitFor();
    await page
      .getByText(/^No connection for/)
      .first()
      .waitFor();
    // The browser reports each try to connect again.
    browser.errors.splice(0);
  }, 60_000);
});
