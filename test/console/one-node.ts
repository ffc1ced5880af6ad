import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { en } from '../../apps/console/src/text/en.js';
import { zh } from '../../apps/console/src/text/zh.js';
import { RunningService } from '../support/running-service.js';
import { launchBrowser, open, type Look, type Opened } from './browser.js';

const KEYS = { admin: 'rules-and-all-1', operator: 'works-all-day-1', viewer: 'only-looks-1' };
const ENGLISH: Look = { language: 'en', theme: 'light' };

/** A service and a browser for the tests of one file, each of which fails where the browser's console reports an error. */
export class OneNode {
  browser!: Browser;
  service!: RunningService;
  #opened: Opened | undefined;

  /** Starts them before the tests of the file, and stops them afterwards. */
  constructor(env: Readonly<Record<string, string>> = {}) {
    beforeAll(async () => {
      this.browser = await launchBrowser();
      this.service = await RunningService.start({
        SUNDIAL_ADMIN_KEYS: Object.entries(KEYS)
          .map(([role, key]) => `${role}-key:${role}=${key}`)
          .join(),
        SUNDIAL_CLOCK_OFFSET_MS: '0',
        ...env,
      });
    }, 120_000);
    afterAll(async () => {
      await this.browser?.close();
      await this.service?.stop();
    });
    afterEach(async () => {
      const { errors = [] } = this.#opened ?? {};
      await this.#opened?.close();
      this.#opened = undefined;
      expect(errors).toEqual([]);
    });
  }

  /** What the browser's console reported until now; a test that expects some takes them out. */
  get errors(): string[] {
    return this.#opened!.errors;
  }

  api(method: 'get' | 'post' | 'put', path: string) {
    return this.service.api[method](path).auth(KEYS.admin, { type: 'bearer' });
  }

  /** A browser of its own, on no page yet. */
  async open(look: Look = ENGLISH): Promise<Page> {
    this.#opened = await open(this.browser, look);
    return this.#opened.page;
  }

  async signIn(role: keyof typeof KEYS = 'admin', look: Look = ENGLISH): Promise<Page> {
    const page = await this.open(look);
    const texts = look.language === 'zh' ? zh : en;
    await page.goto(`${this.service.url}/console`);
    await page.getByLabel(texts.adminKey).fill(KEYS[role]);
    await page.getByRole('button', { name: texts.signIn }).click();
    await page.getByRole('heading', { level: 1, name: texts.wall }).waitFor();
    return page;
  }

  go(page: Page, path: string) {
    return page.goto(`${this.service.url}/console#/${path}`);
  }
}
