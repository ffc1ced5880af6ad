import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, open, signIn, type Look, type Opened, type SignIn } from './browser.js';

const ENGLISH: Look = { language: 'en', theme: 'light' };

/** A browser for the tests of one file, each of which fails where the browser's console reports an error. */
export class TestBrowser {
  #browser: Browser | undefined;
  #opened: Opened | undefined;

  /** Starts it before the tests of the file, and stops it afterwards. */
  constructor() {
    beforeAll(async () => {
      this.#browser = await launchBrowser();
    }, 120_000);
    afterEach(async () => {
      const { errors = [] } = this.#opened ?? {};
      await this.#opened?.close();
      this.#opened = undefined;
      expect(errors).toEqual([]);
    });
    afterAll(() => this.#browser?.close());
  }

  /** What the browser's console reported until now; a test that expects some takes them out. */
  get errors(): string[] {
    return this.#opened!.errors;
  }

  /** A page without the cookies of the tests before. */
  async open(look = ENGLISH): Promise<Page> {
    this.#opened = await open(this.#browser!, look);
    return this.#opened.page;
  }

  async signIn(as: SignIn, look = ENGLISH): Promise<Page> {
    const page = await this.open(look);
    await signIn(page, { ...as, language: look.language });
    return page;
  }
}
