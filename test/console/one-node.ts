import { afterAll, beforeAll } from '@jest/globals';
import type { Page } from 'playwright-core';
import { RunningService } from '../support/running-service.js';
import type { Look } from './browser.js';
import { TestBrowser } from './test-browser.js';

/** One key of each role, named as it. */
export const KEYS = { admin: 'rules-and-all-1', operator: 'works-all-day-1', viewer: 'only-looks-1' };

/** A service and a browser for the tests of one file. */
export class OneNode {
  readonly #browser = new TestBrowser();
  service!: RunningService;

  /** Starts them before the tests of the file, and stops them afterwards. */
  constructor(env: Readonly<Record<string, string>> = {}) {
    beforeAll(async () => {
      this.service = await RunningService.start({
        SUNDIAL_ADMIN_KEYS: Object.entries(KEYS)
          .map(([role, key]) => `${role}-key:${role}=${key}`)
          .join(),
        SUNDIAL_CLOCK_OFFSET_MS: '0',
        ...env,
      });
    }, 120_000);
    afterAll(() => this.service?.stop());
  }

  /** What the browser's console reported until now; a test that expects some takes them out. */
  get errors(): string[] {
    return this.#browser.errors;
  }

  /** With the key of an admin. */
  api(method: 'get' | 'post' | 'put', path: string) {
    return this.service.api[method](path).auth(KEYS.admin, { type: 'bearer' });
  }

  /** A page without the cookies of the tests before, and on none of the console yet. */
  open(look?: Look): Promise<Page> {
    return this.#browser.open(look);
  }

  /** A page of the console, signed in; default: the wall, as an admin. */
  signIn(role: keyof typeof KEYS = 'admin', path = 'wall', look?: Look): Promise<Page> {
    return this.#browser.signIn({ url: this.service.url, key: KEYS[role], path }, look);
  }

  go(page: Page, path: string) {
    return page.goto(`${this.service.url}/console#/${path}`);
  }
}
