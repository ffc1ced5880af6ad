import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { en } from '../../apps/console/src/text/en.js';
import { zh } from '../../apps/console/src/text/zh.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Debian's Chromium, installed where it is missing and this process may. */
export async function launchBrowser(): Promise<Browser> {
  const found = () => spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout.trim();
  if (found() === '') spawnSync('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: 'ignore' });
  const executablePath = found();
  if (executablePath === '')
    throw new Error('The tests of the console need chromium: apt-get install chromium');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

export interface Look {
  readonly language: 'en' | 'zh';
  readonly theme: 'light' | 'dark';
  /** Default: the machine's. */
  readonly timeZone?: string;
}

export interface Opened {
  readonly page: Page;
  /** What the browser's console says is wrong: errors of scripts, and what the page's policy refused. */
  readonly errors: string[];
  close(): Promise<void>;
}

/** A browser of its own: without the cookies of any other. */
export async function open(browser: Browser, { language, theme, timeZone }: Look): Promise<Opened> {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const context = await browser.newContext({
    locale,
    colorScheme: theme,
    ...(timeZone && { timezoneId: timeZone }),
    viewport: { width: 1280, height: 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    const isExpected = /status of (400|401|403|404|412|429)/.test(message.text());
    if (message.type() === 'error' && !isExpected) errors.push(message.text());
  });
  return { page, errors, close: () => context.close() };
}

export interface SignIn {
  /** Of the service. */
  readonly url: string;
  readonly key: string;
  /** The console's page that is asked for, and seen afterwards; default: the wall. */
  readonly path?: string;
  readonly language?: Look['language'];
}

/** Asks for a page of the console, signs in with the form that comes instead, and waits for the page. */
export async function signIn(
  page: Page,
  { url, key, path = 'wall', language = 'en' }: SignIn,
): Promise<void> {
  const texts = language === 'zh' ? zh : en;
  await page.goto(`${url}/console#/${path}`);
  await page.getByLabel(texts.adminKey).fill(key);
  await page.getByRole('button', { name: texts.signIn }).click();
  // The form has a heading too.
  await page.locator('#content').getByRole('heading', { level: 1 }).waitFor();
}

/** A page that was just clicked comes to rest within this, on a machine that is busy; what is wrong with a page at rest stays. */
const UNTIL_REST_MS = 5_000;
const LOOK_EVERY_MS = 200;

/** What axe-core finds on a page at rest, as rules and the elements that break them. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugging protocol: the page's policy would refuse a script element.
  await page.evaluate(AXE);
  const found = () =>
    page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
  const until = performance.now() + UNTIL_REST_MS;
  for (;;) {
    const violations = await found();
    if (violations.length === 0 || performance.now() > until) return violations;
    await page.waitForTimeout(LOOK_EVERY_MS);
  }
}
