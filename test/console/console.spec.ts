import { beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { en } from '../../apps/console/src/text/en.js';
import { zh } from '../../apps/console/src/text/zh.js';
import { violations, type Look } from './browser.js';
import { KEYS, OneNode } from './one-node.js';

const HOSTILE = `<img src=x onerror="globalThis.isBroken=1"><script>globalThis.isBroken=1</script>`;
const LOOKS: readonly Look[] = [
  { language: 'en', theme: 'light' },
  { language: 'en', theme: 'dark' },
  { language: 'zh', theme: 'light' },
  { language: 'zh', theme: 'dark' },
];
const PAGES = [
  ...[
    'wall',
    'nodes',
    'rules',
    'rules/ocr-per-user',
    'subject?user=u1',
    'trace',
    'trace?operation=smoke',
    'audit',
  ],
  ...['rules/ocr-per-user?view=subjects', 'webhooks', 'webhooks/new', 'controls', 'alarms', 'node'],
];

/** Their stream goes on. */
const STREAMING = ['wall', 'nodes'];

const one = new OneNode({ SUNDIAL_LEDGER: 'on' });
beforeAll(async () => {
  await one.api('post', '/check').send({ resource: 'ocr', subject: { user: 'u1' }, operationId: 'smoke' });
});

describe.each(LOOKS)('in %j', (look) => {
  it('every page is there, in its language, accessible, with its own files alone', async () => {
    const page = await one.signIn('admin', 'wall', look);
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    for (const path of PAGES) {
      await one.go(page, path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      if (STREAMING.includes(path)) await page.locator('[data-live=live]').waitFor();
      else await page.waitForLoadState('networkidle');
      expect([path, await violations(page)]).toEqual([path, []]);
    }
    expect(await page.evaluate('document.documentElement.lang')).toBe(look.language);
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(look.theme);
    expect([...hosts]).toEqual([new URL(one.service.url).host]);
  }, 60_000);
});

describe('signing in', () => {
  it('says what is wrong with a key, keeps it out of reach of scripts, and ends', async () => {
    const page = await one.open();
    await page.goto(`${one.service.url}/console`);
    await page.getByLabel(en.adminKey).fill('not-a-key-of-it');
    await page.getByRole('button', { name: en.signIn }).click();
    await page.getByRole('alert').getByText('This key is not known here').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel(en.adminKey).fill(KEYS.admin);
    await page.getByRole('button', { name: en.signIn }).click();
    await page.getByRole('heading', { level: 1, name: en.wall }).waitFor();
    const kept = await page.evaluate(
      'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])',
    );
    expect(kept).not.toMatch(/sundial-session|rules-and-all/);
    await page.getByRole('button', { name: en.signOut }).click();
    await page.getByLabel(en.adminKey).waitFor();
  });

  it('is asked for again when the session has ended elsewhere', async () => {
    const page = await one.signIn('admin', 'controls');
    await page.getByText(en.noBrakes).waitFor();
    await page.context().clearCookies();
    // What the page asks by itself is refused.
    await page.getByLabel(en.adminKey).waitFor();
  });
});

describe('a rule', () => {
  it('is edited in a form and as text, previewed, compared and saved', async () => {
    const page = await one.signIn();
    await one.go(page, 'rules/llm-per-user');
    const max = page.getByLabel(en.max).first();
    await max.fill('25');
    await page.getByRole('link', { name: en.view_text, exact: true }).click();
    const text = page.getByRole('textbox', { name: en.text });
    const whole = await text.inputValue();
    expect(whole).toContain('max: 25');
    await text.fill('limits: [');
    await page.reload();
    expect(await text.inputValue()).toBe('limits: [');
    expect(await page.getByRole('button', { name: en.save }).isDisabled()).toBe(true);
    await text.fill(whole);
    await page.getByRole('link', { name: en.view_form, exact: true }).click();
    await page.getByLabel(en.changes).getByText('max: 25').first().waitFor();
    await page.getByText(/^Of \d+ subjects/).waitFor();
    await page.reload();
    await expect(max.inputValue()).resolves.toBe('25');
    await page.getByRole('button', { name: en.save }).click();
    await page.getByText('applied on 1 of 1 nodes').waitFor();
    const { body } = await one.api('get', '/admin/rules/llm-per-user');
    expect(JSON.stringify(body.limits)).toContain('"max":25');
  });

  it('says in words what a change does to counters, and what is wrong as it is typed', async () => {
    const page = await one.signIn();
    await one.go(page, 'rules/ocr-per-user');
    await page.getByLabel(en.timeZone).fill('Europe/Berlin');
    await page.getByText(/Starts new counters for .*timeZone changed/).waitFor();
    await page.getByLabel(en.timeZone).fill('Nowhere/None');
    await page.getByRole('alert').getByText('timeZone').waitFor();
  });

  it('says what is wrong as it is typed in the reader’s language, beside the field and in the list', async () => {
    const page = await one.signIn('admin', 'rules/ocr-per-user', { language: 'zh', theme: 'light' });
    await page.getByLabel(zh.timeZone, { exact: true }).fill('Nowhere/None');
    const sentence = /^须为 IANA 时区.*，而这里是 "Nowhere\/None"$/;
    await page.getByRole('alert').getByText(sentence).waitFor();
    await page.locator('[id$=-error]').getByText(sentence).waitFor();
  });

  it('that another has changed is not overwritten: the draft is compared with what is in force', async () => {
    const page = await one.signIn();
    await one.go(page, 'rules/export-per-account');
    await page.getByLabel(en.description).fill('a draft');
    const { body } = await one.api('get', '/admin/rules/export-per-account');
    await one.api('put', '/admin/rules/export-per-account').send({ ...body, description: 'of another' });
    await page.getByRole('button', { name: en.save }).click();
    await page.getByRole('alert').getByText('The rule was changed in the meantime').waitFor();
    await page.getByText('+ description: of another').waitFor();
    await page.reload();
    await page.getByText('+ description: of another').waitFor();
    expect(await page.getByRole('button', { name: en.save }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: en.compareWithCurrent }).click();
    await page.getByText('- description: of another').waitFor();
    await page.getByRole('button', { name: en.save }).click();
    await page.getByText('applied on 1 of 1 nodes').waitFor();
    const saved = (await one.api('get', '/admin/rules/export-per-account')).body as { description: string };
    expect(saved.description).toBe('a draft');
  });

  it('is found by its id with the palette, by keyboard alone', async () => {
    const page = await one.signIn();
    const focused = () => page.evaluate('document.activeElement.id');
    await page.getByRole('button', { name: en.skip }).press('Enter');
    expect(await focused()).toBe('content');
    await page.keyboard.press('/');
    await page.getByPlaceholder(en.searchHint).press('Escape');
    await page.getByPlaceholder(en.searchHint).waitFor({ state: 'detached' });
    expect(await focused()).toBe('content');
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(en.searchHint).fill('speech');
    await page.getByText('speech-scoring-per-pupil').last().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'speech-scoring-per-pupil' }).waitFor();
    expect(await focused()).toBe('content');
  });
});

describe('operators', () => {
  it('close a gate with an end and a reason, after a question that names it, and open it again', async () => {
    const page = await one.signIn('operator');
    await one.go(page, 'controls');
    const gates = page.locator('section').filter({ has: page.getByRole('heading', { name: en.gates }) });
    await gates.getByLabel(en.resource).fill('sms');
    await gates.getByLabel(en.reason).fill('provider down');
    await gates.getByRole('button', { name: en.set }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/gate of sms .* for 15 minutes/).waitFor();
    await dialog.getByRole('button', { name: en.set }).click();
    await gates.getByRole('cell', { name: 'provider down' }).waitFor();
    await gates.getByRole('cell', { name: /minutes/ }).waitFor();
    await gates.getByRole('button', { name: en.backToNormal }).click();
    await gates.getByText(en.noGates).waitFor();
  });

  it('raise a limit of one subject until its window ends', async () => {
    await one.api('post', '/check').send({ resource: 'ocr', subject: { user: 'u9' } });
    const page = await one.signIn('operator');
    await one.go(page, 'subject?user=u9');
    const ocr = page.locator('section').filter({ has: page.getByRole('heading', { name: 'ocr' }) });
    await ocr.getByText('1 / 10').waitFor();
    await ocr.getByRole('button', { name: en.raiseToday }).first().click();
    await page.keyboard.type('asked by the school');
    await page.getByRole('dialog').getByLabel(en.raiseBy).fill('5');
    await page.getByRole('dialog').getByLabel(en.raiseBy).press('Enter');
    await ocr.getByText('1 / 15').waitFor();
    await ocr.getByText('override').first().waitFor();
    const { overrides } = (await one.api('get', '/admin/overrides?rule=ocr-per-user')).body as {
      overrides: object[];
    };
    expect(overrides).toMatchObject([{ subject: { user: 'u9' }, reason: 'asked by the school' }]);
    expect(overrides).toMatchObject([{ validUntil: expect.any(String) }]);
  });
});

describe('what others wrote', () => {
  it('is text: descriptions, reasons and subjects run nothing', async () => {
    const rule = { id: 'hostile', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 9 }] };
    await one.api('post', '/admin/rules').send({ ...rule, description: HOSTILE });
    await one.api('put', '/admin/gates/hostile').send({ gate: 'closed', reason: HOSTILE });
    const page = await one.signIn();
    await one.go(page, 'rules');
    await page.getByText(HOSTILE).waitFor();
    await one.go(page, 'controls');
    await page.getByText(HOSTILE).waitFor();
    await one.go(page, `subject?${new URLSearchParams({ user: HOSTILE })}`);
    await page.getByText('hostile').first().waitFor();
    await one.go(page, 'rules/hostile');
    await page.getByLabel(en.description).waitFor();
    expect(await page.evaluate(() => 'isBroken' in globalThis)).toBe(false);
  });

  it('never gets the console into a frame', async () => {
    const page = await one.open();
    await page.setContent(`<iframe src="${one.service.url}/console"></iframe>`);
    await page.waitForTimeout(500);
    expect(await page.frames()[1]!.locator('#root').count()).toBe(0);
    expect(one.errors.splice(0).join()).toMatch(/frame-ancestors|Framing/);
  });
});

describe('a page of another origin', () => {
  const FORGED = { id: 'forged', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 9 }] };

  /** With the console's cookie: what a browser lets a page send without asking the service first, and what it asks for. */
  const attack = async ([target, rule]: string[]): Promise<string[]> => {
    const send = (init: RequestInit) =>
      fetch(`${target}/admin/rules`, { credentials: 'include', ...init }).then(
        ({ type, status }) => `${type} ${status}`,
        () => 'refused by the browser',
      );
    const simple = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'].map((type) =>
      send({ method: 'POST', body: rule!, mode: 'no-cors', headers: { 'content-type': type } }),
    );
    const json = { 'content-type': 'application/json', 'x-sundial-csrf': '1' };
    return Promise.all([...simple, send({ method: 'POST', body: rule!, headers: json }), send({})]);
  };

  it.each([
    ['of the same host, to which the cookie is sent', '127.0.0.1', 403],
    ['of another site, to which it is not', 'localhost', 401],
  ])('%s, reads and changes nothing', async (_what, host, status) => {
    const form = `<form method="post" enctype="text/plain" action="${one.service.url}/admin/rules"><input name="{}"></form>`;
    const evil = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end(form),
    );
    evil.listen(0, '127.0.0.1');
    await once(evil, 'listening');
    const page = await one.signIn();
    await page.goto('about:blank');
    await page.goto(`http://${host}:${(evil.address() as AddressInfo).port}`);
    const answers = await page.evaluate(attack, [one.service.url, JSON.stringify(FORGED)]);
    const [posted] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.evaluate('document.forms[0].submit()'),
    ]);
    evil.close();
    expect([...new Set(answers)]).toEqual(['opaque 0', 'refused by the browser']);
    expect(answers.lastIndexOf('opaque 0')).toBe(2);
    expect(posted.status()).toBe(status);
    expect((await one.api('get', '/admin/rules/forged')).status).toBe(404);
    one.errors.splice(0);
  });
});

describe('a viewer', () => {
  it('sees that the console is read-only, and nothing to change things with', async () => {
    const page = await one.signIn('viewer');
    await page.getByText(en.readOnly).waitFor();
    await one.go(page, 'rules');
    await page.getByRole('heading', { level: 1, name: en.rules }).waitFor();
    expect(await page.getByRole('button', { name: en.newRule }).count()).toBe(0);
    await one.go(page, 'controls');
    await page.getByRole('heading', { name: en.gates, exact: true }).waitFor();
    expect(await page.getByRole('button', { name: en.set }).count()).toBe(0);
    await one.go(page, 'rules/ocr-per-user');
    await page.getByLabel(en.description).waitFor();
    expect(await page.getByLabel(en.description).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: en.save }).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
  });
});
