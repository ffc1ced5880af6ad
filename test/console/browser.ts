import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type Page } from 'playwright-core';

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

/** Dialogs fade and move for less than this. */
const MOVING_MS = 400;

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
  const first = await found();
  if (first.length === 0) return first;
  await page.waitForTimeout(MOVING_MS);
  return found();
}
