import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { en } from '../../apps/console/src/text/en.js';
import { zh } from '../../apps/console/src/text/zh.js';
import { RunningService } from '../support/running-service.js';
import { launchBrowser, open, violations, type Look, type Opened } from './browser.js';

const KEYS = { admin: 'rules-and-all-1', operator: 'works-all-day-1', viewer: 'only-looks-1' };
const ENGLISH: Look = { language: 'en', theme: 'light' };

let browser: Browser;
let service: RunningService;
beforeAll(async () => {
  browser = await launchBrowser();
  service = await RunningService.start({
    SUNDIAL_ADMIN_KEYS: Object.entries(KEYS)
      .map(([role, key]) => `${role}-key:${role}=${key}`)
      .join(),
    SUNDIAL_CLOCK_OFFSET_MS: '0',
  });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

let opened: Opened | undefined;
afterEach(async () => {
  const { errors = [] } = opened ?? {};
  await opened?.close();
  opened = undefined;
  expect(errors).toEqual([]);
});

const api = (method: 'get' | 'post' | 'put', path: string) =>
  service.api[method](path).auth(KEYS.admin, { type: 'bearer' });
const check = (user: string, operationId: string, amount = 1) =>
  api('post', '/check').send({ resource: 'ocr', subject: { user }, operationId, amount });

async function signIn(role: keyof typeof KEYS, path: string, look: Look = ENGLISH): Promise<Page> {
  opened = await open(browser, look);
  const { page } = opened;
  const texts = look.language === 'zh' ? zh : en;
  await page.goto(`${service.url}/console#/${path}`);
  await page.getByLabel(texts.adminKey).fill(KEYS[role]);
  await page.getByRole('button', { name: texts.signIn }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

async function downloaded(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await download.path(), 'utf8');
}

describe('the trace', () => {
  it('finds a refusal by its subject and outcome, in a link and as CSV, and follows its operation', async () => {
    await check('t1', 'granted');
    await check('t1', 'refused', 99);
    const page = await signIn('viewer', 'trace');
    await page.getByLabel(en.subject).fill('user=t1');
    await page.getByLabel(en.outcome).fill('denied');
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
    const page = await signIn('viewer', 'trace?subject=user%3Dt2&limit=1');
    await page.getByRole('link', { name: 'p2' }).waitFor();
    await page.getByRole('button', { name: en.nextPage }).click();
    await page.getByRole('link', { name: 'p1' }).waitFor();
    await page.getByRole('button', { name: en.firstPage }).click();
    await page.getByRole('link', { name: 'p2' }).waitFor();
    await page.goto(`${service.url}/console#/trace?operation=nothing`);
    await page.getByText(en.operationUnknown).waitFor();
    await page.goto(`${service.url}/console#/trace?from=yesterday`);
    await page.getByRole('alert').getByText('must be an instant').waitFor();
  }, 30_000);
});

describe('the audit', () => {
  it('shows who changed what, before and after, and takes an admin back to how a rule was', async () => {
    const { body } = await api('get', '/admin/rules/export-per-account');
    const { limits } = body as { limits: { max: number }[] };
    await api('put', '/admin/rules/export-per-account').send({
      ...body,
      limits: limits.map((limit) => ({ ...limit, max: 7 })),
    });
    const page = await signIn('admin', 'audit?rule=export-per-account');
    await page.getByRole('cell', { name: 'rule-changed' }).waitFor();
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
    expect((await api('get', '/admin/rules/export-per-account')).body.limits).toEqual(limits);
  }, 30_000);

  it('has no rollback for operators', async () => {
    await api('put', '/admin/gates/audited').send({ gate: 'closed' });
    const page = await signIn('operator', 'audit');
    await page.getByRole('cell', { name: 'gate-set' }).first().waitFor();
    expect(await page.getByRole('button', { name: en.rollBack }).count()).toBe(0);
  });
});
