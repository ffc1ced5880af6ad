import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { en } from '../../../apps/console/src/text/en.js';
import { launchBrowser, open, signIn } from '../browser.js';
import { watchLongTasks } from '../long-tasks.js';
import { Site, type Keys } from '../site.js';
import { SteadyChecks } from '../steady-checks.js';

/**
 * `npm run console:measure`: 10,000 rules and a million subjects, how long the console takes with them, and what ten minutes on the wall do to
 * the memory of the page. MINUTES=2 for a shorter look.
 */
const KEYS: Keys = { mei: { role: 'admin', key: 'rules-and-all-1' } };
const RULES = 10_000;
const SUBJECTS = 1_000_000;
const PER_SECOND = 2_000;
const MINUTES = Number(process.env['MINUTES'] ?? 10);
const ROUNDS = 5;

const say = (text: string) => process.stdout.write(`${text}\n`);
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

async function fill(site: Site): Promise<void> {
  const rules = Array.from({ length: RULES - 2 }, (_, n) => ({
    ...{ id: `rule-${String(n).padStart(5, '0')}`, resource: `resource-${n % 500}`, per: ['user'] },
    limits: [{ window: 'day', max: 100 + n }],
  }));
  const asked = ['ocr', 'llm'].map((resource) => ({
    ...{ id: resource, resource, per: ['user'], limits: [{ window: 'day', max: 1_000_000 }] },
  }));
  await site.ask('PUT', '/admin/rules', { rules: [...asked, ...rules] });
  await site.ask('POST', '/check', { resource: 'ocr', subject: { user: 'first' } });
  await site.postgres.query(
    `INSERT INTO ledger_subjects SELECT 'user', 'u-' || n, n, '{"user":"u-' || n || '"}', ${Date.now()}
     FROM generate_series(1, ${SUBJECTS}) AS n`,
    site.ledgerUrl,
  );
  await site.postgres.query('ANALYZE ledger_subjects', site.ledgerUrl);
}

/** Of several rounds: how long `act` takes until `isDone` holds. */
async function timed(act: (round: number) => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    await act(round);
    times.push(Math.round(performance.now() - startedAt));
  }
  return `median ${median(times)} ms, worst ${Math.max(...times)} ms`;
}

async function measurePages(page: Page, url: string): Promise<void> {
  say(
    `wall, from an empty tab until it is live: ${await timed(async () => {
      await page.goto('about:blank');
      await page.goto(`${url}/console#/wall`);
      await page.locator('[data-live=live]').waitFor();
    })}`,
  );
  const firstRule = page.getByRole('link', { name: 'rule-00000' });
  say(
    `rules, first page from an empty tab: ${await timed(async () => {
      await page.goto('about:blank');
      await page.goto(`${url}/console#/rules`);
      await firstRule.waitFor();
    })}`,
  );
  say(
    `rules, search as typed: ${await timed(async (round) => {
      const id = `rule-0${round + 1}234`;
      await page.getByLabel(en.idBegins).fill(id);
      await page.getByRole('link', { name: id }).waitFor();
    })}`,
  );
  await page.goto(`${url}/console#/subject`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  say(
    `subjects, search as typed among ${SUBJECTS}: ${await timed(async (round) => {
      const user = `u-${round + 1}23456`;
      await page.getByLabel(en.findSubject).fill(user);
      await page.getByText(`user=${user}`).first().waitFor();
    })}`,
  );
}

async function measureWall(page: Page, site: Site): Promise<void> {
  await page.goto(`${site.url}/console#/wall`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const longTasks = await watchLongTasks(page);
  const checks = new SteadyChecks(site, PER_SECOND);
  for (let minute = 0; minute <= MINUTES; minute++) {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    const tasks = await longTasks();
    say(
      `wall, minute ${minute}: heap ${(of('JSHeapUsedSize') / 2 ** 20).toFixed(1)} MiB, ${of('Nodes')} nodes, ` +
        `${of('JSEventListeners')} listeners, ${checks.answered} decisions (${checks.failed} failed), longest task ${Math.max(0, ...tasks)} ms`,
    );
    if (minute < MINUTES) await sleep(60_000);
  }
  checks.stop();
}

const site = await Site.start(KEYS, { SUNDIAL_DEADLINE_MS: '2000' });
const browser = await launchBrowser();
try {
  await fill(site);
  const { page } = await open(browser, { language: 'en', theme: 'dark' });
  await signIn(page, { url: site.url, key: KEYS['mei']!.key });
  await measurePages(page, site.url);
  await measureWall(page, site);
} finally {
  await browser.close();
  await site.stop();
}
