import type { Page } from 'playwright-core';

/** Runs in the page, from now on: the tasks that kept it from answering for more than 50 ms. */
const WATCH = `globalThis.longTasks = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) globalThis.longTasks.push(Math.round(duration));
}).observe({ type: 'longtask' });`;

export async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(WATCH);
  return () => page.evaluate('globalThis.longTasks');
}
