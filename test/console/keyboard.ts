import type { Page } from 'playwright-core';

const MOST_STOPS = 150;

interface Stop {
  readonly name: string;
  readonly isSeen: boolean;
}

/** What has the focus: its name, and whether a ring shows it. */
export function focusOf(page: Page): Promise<Stop> {
  return page.evaluate<Stop>(`(() => {
    const focused = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(focused);
    const name = focused.getAttribute('aria-label') ?? focused.labels?.[0]?.textContent ?? focused.textContent;
    return { name: name.trim(), isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 };
  })()`);
}

/** Goes on with Tab to what has this name, as a reader without a mouse does. Every stop on the way must be seen. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    await page.keyboard.press('Tab');
    const stop = await focusOf(page);
    // From the last one a browser goes to its own buttons, which a page sees as its body.
    if (stop.name.length > 200) continue;
    if (!stop.isSeen) throw new Error(`"${stop.name}" has the focus, and nothing shows it.`);
    if (typeof name === 'string' ? stop.name === name : name.test(stop.name)) return;
    passed.push(stop.name);
  }
  throw new Error(`Tab does not come to ${name}, but to: ${passed.join(', ')}`);
}

/** Presses Enter on it. */
export async function open(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Types over what is in the field of this label. */
export async function typeInto(page: Page, label: string | RegExp, text: string): Promise<void> {
  await tabTo(page, label);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}
