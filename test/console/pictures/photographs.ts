import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { open, signIn, type Look, type Opened } from '../browser.js';
import { withPalette } from './palette-png.js';

export interface Photographed {
  /** How its files begin. */
  readonly name: string;
  /** Behind `#/`. */
  readonly path: string;
}

const WIDTH = 1280;
/** A page that goes on further is cut: what is first on it is what it is for. */
const MOST_HEIGHT = 1200;
/** For lists, charts and fonts to be there; a page with a live stream never falls silent. */
const SETTLE_MS = 1_200;
/** Four walls are open meanwhile, perhaps on a busy machine. */
const PATIENCE_MS = 60_000;

/** Where the console is, and where its pictures go: `<directory>/<page>-<language>-<theme>.png`. */
export interface Album {
  readonly url: string;
  readonly key: string;
  readonly directory: string;
}

/** A browser in one language and theme, signed in. */
export class Photographer {
  private constructor(
    private readonly opened: Opened,
    private readonly album: Album,
    private readonly look: Look,
  ) {}

  static async signIn(browser: Browser, album: Album, look: Look): Promise<Photographer> {
    const opened = await open(browser, look);
    const { page } = opened;
    page.setDefaultTimeout(PATIENCE_MS);
    await signIn(page, { url: album.url, key: album.key, language: look.language });
    const photographer = new Photographer(opened, album, look);
    await photographer.#settled();
    return photographer;
  }

  async goTo({ path }: Photographed): Promise<void> {
    await this.opened.page.goto(`${this.album.url}/console#/${path}`);
    await this.#settled();
  }

  async take({ name }: Photographed): Promise<void> {
    const { page } = this.opened;
    const tall = Number(await page.evaluate('document.documentElement.scrollHeight'));
    await page.setViewportSize({ width: WIDTH, height: Math.min(Math.max(tall, 800), MOST_HEIGHT) });
    await sleep(SETTLE_MS);
    const png = withPalette(await page.screenshot({ animations: 'disabled' }));
    await page.setViewportSize({ width: WIDTH, height: 900 });
    const { language, theme } = this.look;
    await writeFile(join(this.album.directory, `${name}-${language}-${theme}.png`), png);
  }

  /** @throws Error where the browser's console had errors meanwhile. */
  async close(): Promise<void> {
    const { errors, close } = this.opened;
    await close();
    if (errors.length > 0) throw new Error(`The console reports errors: ${errors.join('\n')}`);
  }

  async #settled(): Promise<void> {
    await this.opened.page.getByRole('heading', { level: 1 }).waitFor();
    await sleep(SETTLE_MS);
  }
}
