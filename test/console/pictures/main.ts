import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { launchBrowser, type Look } from '../browser.js';
import { Site, type Keys } from '../site.js';
import {
  OPERATION,
  PUPIL,
  Traffic,
  writeControls,
  writePupil,
  writeRules,
  writeWebhooks,
} from './business.js';
import { Photographer, type Photographed } from './photographs.js';

/** `npm run console:pictures`: every page of the console in both languages and themes, into `docs/console`. */
const DIRECTORY = fileURLToPath(new URL('../../../docs/console', import.meta.url));
const KEYS: Keys = {
  mei: { role: 'admin', key: 'key-of-mei-the-admin' },
  'on-duty': { role: 'operator', key: 'key-of-those-on-duty' },
  wall: { role: 'viewer', key: 'key-of-the-wall' },
};
const PER_SECOND = 90;
/** The chart of the wall shows what the page has seen: some minutes, and an outage among them. */
const BEFORE_OUTAGE_MS = 40_000;
const OUTAGE_MS = 4_000;
const AFTER_OUTAGE_MS = 25_000;
const LOOKS = (['en', 'zh'] as const).flatMap((language) =>
  (['light', 'dark'] as const).map((theme) => ({ language, theme, timeZone: 'Asia/Shanghai' })),
);
const WALL = { name: 'wall', path: 'wall' };

interface Hooks {
  readonly works: string;
  readonly refuses: string;
}

/** Where webhooks go: one answers, one is gone. */
async function receivers() {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url === '/gone' ? 410 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { works: `${at}/on-duty`, refuses: `${at}/gone`, close: () => server.close() };
}

function assertChineseTypeface(): void {
  const { stdout } = spawnSync('fc-list', [':lang=zh-cn'], { encoding: 'utf8' });
  if (!stdout) throw new Error('The pictures need a Chinese typeface: apt-get install fonts-noto-cjk');
}

/** What happened before the pictures are taken, and the pages that show it. */
async function fill(site: Site, hooks: Hooks): Promise<readonly Photographed[]> {
  const webhook = await writeWebhooks(site, hooks);
  await sleep(BEFORE_OUTAGE_MS);
  site.redis.freeze();
  await sleep(OUTAGE_MS);
  site.redis.thaw();
  await sleep(AFTER_OUTAGE_MS);
  await writePupil(site);
  await writeControls(site, KEYS['on-duty']!.key);
  await sleep(3_000);
  return [
    { name: 'rules', path: 'rules' },
    { name: 'rule', path: 'rules/ocr-per-user' },
    { name: 'subject', path: `subject?user=${PUPIL}` },
    { name: 'decisions', path: 'trace' },
    { name: 'trace', path: `trace?operation=${OPERATION}` },
    { name: 'alarms', path: 'alarms' },
    { name: 'controls', path: 'controls' },
    { name: 'webhooks', path: 'webhooks' },
    { name: 'webhook', path: `webhooks/${webhook}` },
    { name: 'audit', path: 'audit' },
    { name: 'nodes', path: 'nodes' },
  ];
}

async function takeAll(
  browser: Browser,
  site: Site,
  { hooks, directory }: { hooks: Hooks; directory: string },
): Promise<void> {
  const album = { url: site.url, key: KEYS['mei']!.key, directory };
  const photographers = (look: Look) => Photographer.signIn(browser, album, look);
  const walls = await Promise.all(LOOKS.map(photographers));
  for (const wall of walls) await wall.goTo(WALL);
  const pages = await fill(site, hooks);
  for (const look of LOOKS) {
    const photographer = await photographers(look);
    for (const page of pages) {
      await photographer.goTo(page);
      await photographer.take(page);
    }
    await photographer.close();
  }
  for (const wall of walls) await wall.take(WALL);
  for (const wall of walls) await wall.close();
}

assertChineseTypeface();
const hooks = await receivers();
const site = await Site.start(KEYS, {
  SUNDIAL_WEBHOOK_ALLOW: '127.0.0.1',
  // The only outage is the one that is made, also on a busy machine.
  SUNDIAL_DEADLINE_MS: '1000',
});
await writeRules(site);
const directory = await mkdtemp(join(tmpdir(), 'sundial-pictures-'));
const traffic = new Traffic(site, PER_SECOND);
const browser = await launchBrowser();
try {
  await takeAll(browser, site, { hooks, directory });
  // All of them, or what was there before.
  await rm(DIRECTORY, { recursive: true, force: true });
  await cp(directory, DIRECTORY, { recursive: true });
} finally {
  traffic.stop();
  hooks.close();
  await browser.close();
  await site.stop();
  await rm(directory, { recursive: true });
}
const files = await readdir(DIRECTORY);
const sizes = await Promise.all(files.map((file) => stat(join(DIRECTORY, file))));
const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
process.stdout.write(`${files.length} pictures in docs/console, ${(bytes / 2 ** 20).toFixed(1)} MiB\n`);
