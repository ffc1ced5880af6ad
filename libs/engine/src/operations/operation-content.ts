import type { Amounts } from './amounts.js';

/**
 * The content of an operation in one word: `<units>`, then of each other meter that it takes of, sorted, `+<meter>=<units>`,
 * then `~<hash>` where its subject has attributes that no rule counts by. Units are to the base 36, and `+`, `=` and `~` are
 * in no meter's name, so amounts are compared exactly and can be read back.
 */
export function encodeContent({ amount, amounts }: Amounts, hash?: string): string {
  let content = amount === 1 ? '1' : amount.toString(36);
  if (amounts !== undefined)
    for (const meter of Object.keys(amounts).sort())
      if (amounts[meter]! > 0) content += `+${meter}=${amounts[meter]!.toString(36)}`;
  return hash === undefined ? content : `${content}~${hash}`;
}

/** What an operation with this content takes. */
export function decodeContent(content: string): Amounts {
  if (!content.includes('+') && !content.includes('~')) return { amount: parseInt(content, 36) };
  const [written = ''] = content.split('~', 1);
  const [units = '', ...meters] = written.split('+');
  const amount = parseInt(units, 36);
  if (meters.length === 0) return { amount };
  const amounts = meters.map((text): [string, number] => {
    const [meter = '', digits = ''] = text.split('=');
    return [meter, parseInt(digits, 36)];
  });
  return { amount, amounts: Object.fromEntries(amounts) };
}
