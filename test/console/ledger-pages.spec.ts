import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Locator, Page } from 'playwright-core';
import { en } from '../../apps/console/src/text/en.js';
import { RunningService } from '../support/running-service.js';
import { violations } from './browser.js';
import { OneNode } from './one-node.js';

const HOSTILE = `<img src=x onerror="globalThis.isBroken=1"><script>globalThis.isBroken=1</script>`;

/** Answers webhooks with the status that a test sets. */
const receiver = { status: 204, url: '' };
const receiving = createServer((request, response) => {
  request.resume();
  response.writeHead(receiver.status).end(`receiver answers ${HOSTILE}`);
});

const one = new OneNode({ SUNDIAL_LEDGER: 'on', SUNDIAL_WEBHOOK_ALLOW: '127.0.0.1' });
beforeAll(async () => {
  receiving.listen(0, '127.0.0.1');
  await once(receiving, 'listening');
  receiver.url = `http://127.0.0.1:${(receiving.address() as AddressInfo).port}/hook`;
});
afterAll(() => {
  receiving.close();
});

const check = (user: string, operationId: string, amount = 1) =>
  one.api('post', '/check').send({ resource: 'ocr', subject: { user }, operationId, amount });

async function downloaded(page: Page, button: string, within: Locator | Page = page): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    within.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await download.path(), 'utf8');
}

describe('the trace', () => {
  it('finds a refusal by its subject and outcome, in a link and as CSV, and follows its operation', async () => {
    await check('t1', 'granted');
    await check('t1', 'refused', 99);
    const page = await one.signIn('viewer', 'trace');
    await page.getByLabel(en.subject).fill('user=t1');
    await page.getByLabel(en.outcome).selectOption('denied');
    await page.getByRole('button', { name: en.show }).click();
    await page.getByRole('link', { name: 'refused' }).waitFor();
    await page
      .getByText(/ocr-per-user · day/)
      .first()
      .waitFor();
    expect(await page.getByRole('link', { name: 'granted' }).count()).toBe(0);
    expect(page.url()).toMatch(/subject=user%3Dt1&outcome=denied/);
    const [head, ...lines] = (await downloaded(page, 'CSV')).trim().split('\r\n');
    expect(head).toMatch(/^at,node,kind,outcome/);
    expect(lines.map((line) => line.includes('refused'))).toEqual([true]);
    expect(await violations(page)).toEqual([]);
    await page.reload();
    await page.getByRole('link', { name: 'refused' }).click();
    await page.getByRole('region', { name: en.timeline }).getByText(en.event_check).waitFor();
    await page.getByText('JSON').last().click();
    await page.getByLabel('JSON').getByText('"operationId": "refused"').waitFor();
    expect(await violations(page)).toEqual([]);
  }, 30_000);

  it('goes through pages, and says what to do where nothing is found', async () => {
    await check('t2', 'p1');
    await check('t2', 'p2');
    const page = await one.signIn('viewer', 'trace?subject=user%3Dt2&limit=1');
    await page.getByRole('link', { name: 'p2' }).waitFor();
    await page.getByRole('button', { name: en.nextPage }).click();
    await page.getByRole('link', { name: 'p1' }).waitFor();
    await page.getByRole('button', { name: en.firstPage }).click();
    await page.getByRole('link', { name: 'p2' }).waitFor();
    await one.go(page, 'trace?operation=nothing');
    await page.getByText(en.operationUnknown).waitFor();
    await one.go(page, 'trace?from=yesterday');
    await page.getByRole('alert').getByText('must be an instant').waitFor();
  }, 30_000);
});

describe('the audit', () => {
  it('shows who changed what, before and after, and takes an admin back to how a rule was', async () => {
    const { body } = await one.api('get', '/admin/rules/export-per-account');
    const { limits } = body as { limits: { max: number }[] };
    await one.api('put', '/admin/rules/export-per-account').send({
      ...body,
      limits: limits.map((limit) => ({ ...limit, max: 7 })),
    });
    const page = await one.signIn('admin', 'audit?rule=export-per-account');
    await page.getByRole('cell', { name: en['word_rule-changed'] }).waitFor();
    await page.getByRole('cell', { name: 'admin-key' }).waitFor();
    await page.locator('summary').filter({ hasText: en.changes }).click();
    await page.getByLabel(en.changes).getByText('"max": 7').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: en.rollBack }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/rule export-per-account what it was at version \d+/).waitFor();
    await dialog.getByText('- ').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel(en.reason).fill('too strict');
    await dialog.getByRole('button', { name: en.rollBack }).click();
    await page.getByText('applied on 1 of 1 nodes').waitFor();
    await page.getByRole('cell', { name: 'too strict' }).waitFor();
    expect((await one.api('get', '/admin/rules/export-per-account')).body.limits).toEqual(limits);
  }, 30_000);

  it('has no rollback for operators', async () => {
    await one.api('put', '/admin/gates/audited').send({ gate: 'closed' });
    const page = await one.signIn('operator', 'audit');
    await page.getByRole('cell', { name: en['word_gate-set'] }).first().waitFor();
    expect(await page.getByRole('button', { name: en.rollBack }).count()).toBe(0);
  });
});

describe('webhooks', () => {
  it('are made by an admin, tested, and their dead letters are sent again', async () => {
    receiver.status = 410;
    const page = await one.signIn('admin', 'webhooks');
    await page.getByText(en.noWebhooks).waitFor();
    await page.getByRole('button', { name: en.newWebhook }).click();
    await page.getByLabel(en.url).fill('ftp://nowhere');
    await page.getByRole('button', { name: en.save }).click();
    await page.getByRole('alert').getByText('url', { exact: true }).waitFor();
    await page.getByLabel(en.url).fill(receiver.url);
    await page.getByLabel(en['word_gate-changed']).check();
    await page.getByRole('button', { name: en.save }).click();
    await page.getByText(en.secretOnce).waitFor();
    await page.getByRole('heading', { level: 1, name: receiver.url }).waitFor();
    await page.getByRole('button', { name: en.sendTest }).click();
    await page.getByText(`${en.testFailed} 410`).waitFor();
    await one.api('put', '/admin/gates/webhooked').send({ gate: 'closed' });
    await page.getByRole('cell', { name: en.delivery_dead }).waitFor();
    expect(await violations(page)).toEqual([]);
    receiver.status = 204;
    await one.go(page, 'webhooks');
    const dead = page.getByRole('region', { name: en.deadLetters });
    await dead.getByRole('button', { name: en.resend }).click();
    await page.getByText(en.noDeadLetters).waitFor();
    await page.getByRole('region', { name: en.events }).getByText(en['word_gate-changed']).first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: receiver.url }).click();
    await page.getByRole('cell', { name: en.delivery_delivered }).waitFor();
    await page.getByLabel(en.description).fill('the chat');
    await page.getByRole('button', { name: en.save }).click();
    await page.getByText(en.done).waitFor();
    const { webhooks } = (await one.api('get', '/admin/webhooks')).body as { webhooks: object[] };
    expect(webhooks).toMatchObject([{ description: 'the chat', filter: { types: ['gate-changed'] } }]);
    await page.getByRole('button', { name: en.delete }).click();
    await page.getByRole('dialog').getByRole('button', { name: en.delete }).click();
    await page.getByText(en.noWebhooks).waitFor();
  }, 40_000);

  it('are tested by operators and changed by admins alone', async () => {
    const { webhook } = (await one.api('post', '/admin/webhooks').send({ url: `${receiver.url}/token` }))
      .body as {
      webhook: { id: string };
    };
    const page = await one.signIn('operator', `webhooks/${webhook.id}`);
    await page.getByLabel(en.url).waitFor();
    expect(await page.getByLabel(en.url).inputValue()).not.toContain('token');
    expect(await page.getByLabel(en.url).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: en.save }).count()).toBe(0);
    await page.getByRole('button', { name: en.sendTest }).click();
    await page.getByText(`${en.testDelivered} 204`).waitFor();
  });
});

describe('a subject', () => {
  it('shows why it was refused and its packs, and its data is given out and deleted', async () => {
    const subject = { user: 's1' };
    await check('s1', 'over', 99);
    await one.api('post', '/admin/packs').send({ resource: 'ocr', subject, amount: 5, operationId: 'gift' });
    await one.api('post', '/reservations').send({ resource: 'ocr', subject, operationId: 'held', amount: 2 });
    const page = await one.signIn('admin', 'subject?user=s1');
    await page.getByRole('region', { name: en.decisions }).getByRole('link', { name: 'over' }).waitFor();
    await page.getByText('5 / 5').waitFor();
    expect(await violations(page)).toEqual([]);
    const listed = (title: string) => page.getByRole('heading', { name: title, exact: true }).locator('..');
    const packs = await downloaded(page, 'CSV', listed(en.packs));
    expect(packs).toMatch(/^id,meter,remaining,amount,state,.*\r\n[^,]+,units,5,5,active,/);
    const holds = await downloaded(page, 'CSV', listed(en.holds));
    expect(holds).toMatch(/^rule,amounts,.*\r\nocr-per-user,"\{""units"":2\}",\d{4}-[^,]+,release\r\n/);
    await page.getByRole('button', { name: en.packCancel }).click();
    await page
      .getByRole('dialog')
      .getByText(/of user=s1\? 5 units/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: en.packCancel }).click();
    await page.getByText(en.pack_cancelled).waitFor();
    const exported = (await downloaded(page, en.exportData)).trim().split('\n');
    expect(exported.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ operationId: 'over', outcome: 'denied' }),
    );
    await page.getByRole('button', { name: en.deleteData }).click();
    await page
      .getByRole('dialog')
      .getByText(/user=s1/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: en.deleteData }).click();
    await page.getByText(/^Deleted: [1-9]/).waitFor();
    await page.getByText(en.noDecisions).waitFor();
    expect((await one.api('get', '/admin/decisions?user=s1')).body.decisions).toEqual([]);
  }, 30_000);

  it('has its data deleted by admins alone', async () => {
    const page = await one.signIn('operator', 'subject?user=s1');
    await page.getByRole('button', { name: en.exportData }).waitFor();
    expect(await page.getByRole('button', { name: en.deleteData }).count()).toBe(0);
  });
});

describe('what others wrote', () => {
  it('is text in everything that is recorded: subjects, operation ids, reasons, webhooks and their answers', async () => {
    const subject = { user: HOSTILE };
    const written = [
      await one.api('post', '/check').send({ resource: 'ocr', subject, operationId: HOSTILE }),
      await one.api('put', '/admin/overrides').send({
        ...{ rule: 'ocr-per-user', subject, limits: [{ window: 'day', add: 1 }], reason: HOSTILE },
      }),
      await one.api('post', '/admin/packs').send({
        ...{ resource: 'ocr', subject, amount: 5, operationId: 'hostile', reason: HOSTILE },
      }),
      await one.api('put', '/admin/gates/hostile').send({ gate: 'closed', reason: HOSTILE }),
    ];
    expect(written.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    receiver.status = 500;
    const made = await one.api('post', '/admin/webhooks').send({ url: receiver.url, description: HOSTILE });
    const { id } = (made.body as { webhook: { id: string } }).webhook;
    await one.api('post', `/admin/webhooks/${id}/test`);
    receiver.status = 204;
    const page = await one.signIn('admin', 'audit');
    const user = new URLSearchParams(subject);
    const trace = new URLSearchParams({ operation: HOSTILE });
    for (const path of [
      ...['audit', 'webhooks', `webhooks/${id}`, 'controls', 'alarms', 'trace', `trace?${trace}`],
      `subject?${user}`,
    ]) {
      await one.go(page, path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      expect([path, await page.evaluate(() => 'isBroken' in globalThis)]).toEqual([path, false]);
      expect([path, await page.locator('#root img, #root script').count()]).toEqual([path, 0]);
    }
    await page.getByText(HOSTILE).first().waitFor();
    expect(await page.content()).not.toContain('receiver answers');
  }, 30_000);
});

describe('without a ledger', () => {
  it('every page that asks it says which setting turns it on', async () => {
    const off = await RunningService.start({ SUNDIAL_LEDGER: 'off' });
    const page = await one.open();
    try {
      for (const path of ['trace', 'trace?operation=x', 'audit', 'webhooks', 'subject?user=u1']) {
        await page.goto(`${off.url}/console#/${path}`);
        await page.getByRole('alert').getByText('SUNDIAL_LEDGER=on npm start').waitFor();
        expect([path, await violations(page)]).toEqual([path, []]);
      }
    } finally {
      // A page that asks on would find no service.
      await page.goto('about:blank');
      await off.stop();
    }
  }, 30_000);
});
