import { describe, expect, it } from '@jest/globals';
import { en } from '../../apps/console/src/text/en.js';
import { eventually } from '../support/eventually.js';
import { violations } from './browser.js';
import { OneNode } from './one-node.js';

const one = new OneNode();

/** That the node sends. */
async function streams(): Promise<string | undefined> {
  const { text } = await one.api('get', '/metrics');
  return /^sundial_live_streams (\d+)$/m.exec(text)?.[1];
}

describe('the wall', () => {
  it('is the first page: decisions as they are made, what operators have set, and each node', async () => {
    const page = await one.signIn('viewer');
    await page.locator('[data-live=live]').waitFor();
    await page.getByRole('status').getByText(en.live_live).waitFor();
    await one.api('put', '/admin/gates/wall').send({ gate: 'closed', reason: 'for the wall' });
    const controls = page.getByRole('list', { name: en.setByOperators });
    await controls.getByText('for the wall').waitFor();
    const denied = page.locator('dl > div').filter({ hasText: en.deniedRate });
    await eventually(async () => {
      await one.api('post', '/check').send({ resource: 'wall', subject: { user: 'u1' } });
      return !/^(0|–) /.test(await denied.locator('dd').last().innerText());
    });
    const nodes = page.getByRole('list', { name: en.nodes });
    await expect(nodes.getByText(en.mode_exact).count()).resolves.toBe(1);
    await one.api('put', '/admin/gates/wall').send({ gate: 'normal' });
    await page.getByText(en.noControls).waitFor();
    await page.getByText(en.asTable).first().click();
    await page.getByRole('columnheader', { name: en.deniedRate }).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('says that its connection is lost, and goes on when the node is back', async () => {
    const page = await one.signIn('viewer');
    await page.locator('[data-live=live]').waitFor();
    await one.go(page, 'audit');
    await eventually(async () => (await streams()) === '0');
    await page.route('**/admin/live', (route) => route.abort());
    await one.go(page, 'wall');
    await page.getByText(/No connection for \d+ s/).waitFor();
    await page.unroute('**/admin/live');
    await page.locator('[data-live=live]').waitFor();
    expect(one.errors.splice(0).join()).toContain('net::ERR_FAILED');
  });

  it('of two tabs of a browser is fed by one stream', async () => {
    const page = await one.signIn('viewer');
    await page.locator('[data-live=live]').waitFor();
    let asked = 0;
    page.context().on('request', (request) => {
      if (request.url().endsWith('/admin/live')) asked++;
    });
    const other = await page.context().newPage();
    await one.go(other, 'wall');
    await other.locator('[data-live=live]').waitFor();
    // A second stream of the session would have ended the first one, which that tab would ask for again.
    expect([asked, await streams()]).toEqual([0, '1']);
    await page.close();
    await other.waitForTimeout(5_000);
    await other.locator('[data-live=live]').waitFor();
  });
});

describe('the nodes', () => {
  it('are listed with what they bear, and the one that answers leads to its findings', async () => {
    const page = await one.signIn('viewer');
    await one.go(page, 'nodes');
    await page.getByText(en.aloneHint).waitFor();
    await page.getByRole('link', { name: en.thisAnswers }).click();
    await page.getByRole('heading', { level: 1, name: en.node }).waitFor();
  });
});

describe('an operator', () => {
  it('runs a drill and watches its steps, of which the last finds all as before', async () => {
    const page = await one.signIn('operator');
    await one.go(page, 'controls');
    const card = page.locator('section').filter({ has: page.getByRole('heading', { name: en.drillRun }) });
    await card.getByLabel(en.resource).fill('speech-scoring');
    await card.getByRole('button', { name: en.drillStart }).click();
    await page.getByRole('dialog').getByRole('button', { name: en.drillStart }).click();
    await card.getByText(en.drillFound_settled.replace('{{count}}', '0')).waitFor({ timeout: 30_000 });
    await expect(card.getByRole('img', { name: en.drillOk }).count()).resolves.toBe(7);
    expect((await one.api('get', '/admin/drills')).body.drills).toEqual([]);
    expect(await violations(page)).toEqual([]);
  }, 45_000);
});
