import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { en } from '../../apps/console/src/text/en.js';
import { violations } from './browser.js';
import { focusOf, open, tabTo, typeInto } from './keyboard.js';
import { OneNode } from './one-node.js';

const one = new OneNode({ SUNDIAL_LEDGER: 'on' });

describe('the first minutes', () => {
  it('begin with a check that counts, until they are hidden', async () => {
    const page = await one.signIn('operator', 'rules');
    await page.getByLabel('ocr-per-user: user').fill('newcomer');
    await page.getByRole('button', { name: en.checkNow, exact: true }).click();
    await page.getByText('1 / 10', { exact: true }).waitFor();
    const { limits } = (await one.api('get', '/usage?resource=ocr&user=newcomer')).body as {
      limits: object[];
    };
    expect(limits[0]).toMatchObject({ used: 1 });
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: en.hide }).click();
    await page.reload();
    await page.getByRole('link', { name: 'ocr-per-user' }).waitFor();
    expect(await page.getByText(en.firstMinutes).count()).toBe(0);
  });
});

describe('the form of a rule', () => {
  it('has a field for everything, says beside it what is wrong, and tries a check of the draft', async () => {
    const page = await one.signIn('admin', 'rules/new');
    await page.getByLabel('id', { exact: true }).fill('all-of-it');
    await page.getByLabel(en.resource, { exact: true }).fill('print');
    await page.getByLabel(en.zoneBy).fill('tz');
    await page.getByLabel(en.window, { exact: true }).selectOption('month');
    await page.getByLabel(en.startsOn).fill('15');
    await page.getByLabel(en.billingDayBy).fill('day');
    await page.getByLabel(en.startsAt).fill('25:00');
    await page.locator('input[aria-invalid=true]').waitFor();
    expect(await page.getByLabel(en.startsAt).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel(en.startsAt).fill('04:00');
    await page.getByText(en.moreOfLimit).click();
    await page.getByLabel(en.thresholds).fill('0.5, 1');
    await page.getByLabel(en.softHint).check();
    await page.getByLabel(en.flowCode).first().fill('NEARLY');
    await page.getByRole('button', { name: en.addSchedule }).click();
    await page.getByRole('button', { name: en.addTiers }).click();
    await page.getByLabel(en.flowCode).last().fill('FULL');
    await page.getByLabel(en.flowParams).last().fill('{"days":7}');
    await page.getByText(/^Of \d+ subjects/).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('link', { name: en.view_try, exact: true }).click();
    await page.getByLabel('user', { exact: true }).fill('u1');
    await page.getByLabel(en.amount, { exact: true }).fill('11');
    await page.getByRole('button', { name: en.tryDraft }).click();
    await page.getByText(en.notCounted).waitFor();
    await page.getByText('NEARLY').last().waitFor();
    await page.getByRole('button', { name: en.save }).click();
    await page.getByRole('heading', { level: 1, name: 'all-of-it' }).waitFor();
    expect((await one.api('get', '/admin/rules/all-of-it')).body).toMatchObject({
      timeZone: { by: 'tz', default: 'UTC' },
      limits: [
        {
          window: { unit: 'month', startsAt: '04:00', startsOn: { by: 'day', default: 15 } },
          ...{ thresholds: [0.5, 1], soft: true, onWarn: { code: 'NEARLY' } },
          when: [{ days: ['sat', 'sun'], max: 20 }],
        },
      ],
      tiers: { by: 'plan', max: { vip: [{ max: 10 }] } },
      onDeny: { code: 'FULL', params: { days: 7 } },
    });
    await page.getByRole('link', { name: en.view_history, exact: true }).click();
    await page.getByRole('cell', { name: en['word_rule-created'] }).waitFor();
  }, 30_000);
});

describe('a subject', () => {
  it('is found by how a value begins, on its page and in the palette', async () => {
    await one.api('post', '/check').send({ resource: 'ocr', subject: { user: 'findme-7' } });
    const page = await one.signIn('operator', 'subject');
    await page.getByLabel(en.findSubject).fill('findme');
    await page.getByRole('link', { name: 'user=findme-7' }).click();
    await page.getByText('1 / 10', { exact: true }).waitFor();
    await page.getByLabel(en.zone).selectOption('Asia/Tokyo');
    await page
      .getByText(/GMT\+9/)
      .first()
      .waitFor();
    expect(page.url()).toContain('Zone=Asia%2FTokyo');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(en.searchHint).fill('findme');
    await page.getByRole('option', { name: /user=findme-7/ }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('gets limits of its own, kept while they are typed, and a brake', async () => {
    const page = await one.signIn('operator', 'subject?user=findme-8');
    await page.getByLabel(en.rule, { exact: true }).selectOption('ocr-per-user');
    const card = page.locator('section').filter({ has: page.getByRole('heading', { name: en.overrides }) });
    await card.getByLabel('day · units').selectOption('set');
    await card.getByLabel(`day · units: ${en.setTo}`).fill('42');
    await page.reload();
    await page.getByLabel(en.rule, { exact: true }).selectOption('ocr-per-user');
    await card.getByRole('button', { name: en.saveOverride }).click();
    await page
      .getByRole('dialog')
      .getByText(/user=findme-8 .* day: set to 42/)
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: en.saveOverride }).click();
    await page.getByText('0 / 42').waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      card.getByRole('button', { name: 'CSV' }).click(),
    ]);
    expect(await readFile(await saved.path(), 'utf8')).toMatch(/^ocr-per-user,.*findme-8.*""set"":42/m);
    const ocr = page
      .locator('section')
      .filter({ has: page.getByRole('heading', { name: 'ocr', exact: true }) });
    await ocr.getByText(en.moreFor).click();
    await ocr.getByRole('button', { name: en.brakeSubject }).click();
    await page.getByRole('dialog').getByRole('button', { name: en.brakeSubject }).click();
    await ocr.getByText(/50 % · in 14 minutes/).waitFor();
    expect(await violations(page)).toEqual([]);
    await ocr.getByRole('button', { name: en.remove }).click();
    await card.getByRole('button', { name: en.removeOverride }).click();
    await page.getByRole('dialog').getByRole('button', { name: en.removeOverride }).click();
    await ocr.getByText('0 / 10').waitFor();
  });
});

describe('alarms', () => {
  it('are filtered by a link, and lead to the decisions while they held', async () => {
    await one.api('put', '/admin/gates/alarming').send({ gate: 'closed' });
    const page = await one.signIn('viewer', 'alarms?kind=consecutive');
    await page.getByText(en.noAlarms).waitFor();
    await page.getByLabel(en.kind).selectOption('control-in-force');
    await page.getByRole('button', { name: en.show }).first().click();
    const now = page.getByRole('region', { name: en.now });
    await now.getByText(en['word_control-in-force']).waitFor();
    expect(page.url()).toContain('kind=control-in-force');
    await page.getByText(en.noOutages).waitFor();
    await page.getByText(en.noGaps).waitFor();
    await now.getByRole('link', { name: en.show }).click();
    await page.getByRole('heading', { level: 1, name: en.trace }).waitFor();
  });
});

describe('by keyboard alone', () => {
  const focused = async (page: Page) => (await focusOf(page)).name;

  it('a rule is changed, and a page that a link opens has the focus', async () => {
    const page = await one.signIn('admin', 'wall');
    await open(page, en.rules);
    await page.getByRole('heading', { level: 1, name: en.rules }).waitFor();
    expect(await page.title()).toBe(`${en.rules} · Sundial`);
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await open(page, 'export-per-account');
    await page.getByLabel(en.max).first().waitFor();
    await typeInto(page, /^Max/, '7');
    await page.getByText(/^Of \d+ subjects/).waitFor();
    await open(page, en.save);
    await page.getByText('applied on 1 of 1 nodes').waitFor();
  }, 30_000);

  it('a gate is closed and opened again: Esc leaves the question, and the focus stays near what has gone', async () => {
    const page = await one.signIn('operator', 'controls');
    await page.getByText(en.noBrakes).waitFor();
    await typeInto(page, en.resource, 'fax');
    await typeInto(page, en.reason, 'no paper');
    await open(page, en.set);
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe(en.set);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await open(page, en.set);
    await page.getByRole('cell', { name: 'no paper' }).waitFor();
    await page.getByRole('status').getByText(en.changeMade).waitFor();
    // The first one is another gate's.
    await tabTo(page, en.gates);
    await tabTo(page, en.backToNormal);
    await open(page, en.backToNormal);
    await page.getByRole('cell', { name: 'no paper' }).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe(en.gates);
  }, 30_000);

  it('a subject is found, and its limit raised', async () => {
    await one.api('post', '/check').send({ resource: 'ocr', subject: { user: 'keys-1' } });
    const page = await one.signIn('operator', 'subject');
    await page.getByLabel(en.findSubject).waitFor();
    expect(await focused(page)).toBe(en.findSubject);
    await page.keyboard.type('keys');
    await page.getByRole('link', { name: 'user=keys-1' }).waitFor();
    await open(page, 'user=keys-1');
    await page.getByText('1 / 10', { exact: true }).waitFor();
    await open(page, en.raiseToday);
    await page.getByRole('dialog').waitFor();
    expect(await focused(page)).toBe(en.reason);
    await page.keyboard.type('asked for');
    await page.keyboard.press('Enter');
    await page.getByText('override').first().waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe(en.raiseToday);
    await open(page, en.removeOverride);
    await page.getByRole('dialog').waitFor();
    await open(page, en.removeOverride);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: en.removeOverride }).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe(en.overrides);
  }, 30_000);

  it('a refusal is found and followed, and a change is looked up', async () => {
    const over = { resource: 'ocr', subject: { user: 'keys-2' }, operationId: 'keys-over', amount: 99 };
    await one.api('post', '/check').send(over);
    const page = await one.signIn('viewer', 'trace');
    await page.getByLabel(en.outcome).waitFor();
    await typeInto(page, en.subject, 'user=keys-2');
    await tabTo(page, en.outcome);
    await page.keyboard.type(en.word_denied);
    await page.keyboard.press('Enter');
    await open(page, en.show);
    await page.waitForURL(/outcome=denied/);
    await open(page, 'keys-over');
    await page.getByRole('region', { name: en.timeline }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(en.audit);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: en.audit }).waitFor();
    await open(page, en.changes);
    await page.locator('details[open]').waitFor();
  }, 30_000);

  it('a webhook is made and deleted, and alarms, nodes and the wall are read', async () => {
    const page = await one.signIn('admin', 'webhooks');
    await open(page, en.newWebhook);
    await page.getByRole('heading', { level: 1, name: en.newWebhook }).waitFor();
    await typeInto(page, en.url, 'https://hooks.invalid/keys');
    await page.keyboard.press('Enter');
    await page.getByText(en.secretOnce).waitFor();
    await open(page, en.delete);
    await page.getByRole('dialog').waitFor();
    await open(page, en.delete);
    await page.getByText(en.noWebhooks).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    for (const name of [en.alarms, en.nodes, en.wall]) {
      await page.keyboard.press('Control+k');
      await page.keyboard.type(name);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name }).waitFor();
      expect(await page.evaluate('document.activeElement.id')).toBe('content');
    }
    await open(page, new RegExp(`^${en.asTable}`));
    await page.getByRole('columnheader', { name: en.deniedRate }).waitFor();
  }, 30_000);
});
