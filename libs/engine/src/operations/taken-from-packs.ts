import { UNITS_METER, type DecisionPack } from '@sundial/contract';
import type { Amounts } from './amounts.js';

/** A part of what an operation took: so many units of a meter from a pack. */
export type PackPart = Pick<DecisionPack, 'id' | 'meter' | 'taken'>;

/** What an operation counts in windows: without what packs gave. */
export function withoutPacks({ amount, amounts }: Amounts, parts: readonly PackPart[]): Amounts {
  const less = new Map(Object.entries(amounts ?? {}));
  let units = amount;
  for (const { meter, taken } of parts) {
    if (meter === UNITS_METER) units = Math.max(units - taken, 0);
    else less.set(meter, Math.max((less.get(meter) ?? 0) - taken, 0));
  }
  return amounts === undefined ? { amount: units } : { amount: units, amounts: Object.fromEntries(less) };
}

/** The content of an operation as it is recorded, with what packs gave behind it. */
export function contentWithPacks(content: string, parts: readonly PackPart[]): string {
  const texts = parts.map(({ id, meter, taken }) => `${id}/${meter}/${taken.toString(36)}`);
  return `${content}!${texts.join(',')}`;
}

/** What was recorded: the content, and what packs gave. */
export function splitContent(recorded: string): {
  readonly content: string;
  readonly parts: readonly PackPart[];
} {
  const at = recorded.indexOf('!');
  if (at < 0) return { content: recorded, parts: NONE };
  const parts = recorded
    .slice(at + 1)
    .split(',')
    .map((text): PackPart => {
      const [id, meter, taken] = text.split('/');
      return { id: id!, meter: meter!, taken: parseInt(taken!, 36) };
    });
  return { content: recorded.slice(0, at), parts };
}

const NONE: readonly PackPart[] = [];
