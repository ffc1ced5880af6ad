import type { Subject } from '@sundial/contract';

/** 53 bits of a text (cyrb53): an index key in both databases. What it finds is compared as text, so a collision costs time and nothing else. */
export function hashOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return mixed(high, low);
}

/** `hashOf(before + text + after)` of a text in UTF-8, without making it. Undefined where a character is not plain ASCII, or stands in JSON otherwise. */
export function hashOfBytes(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  { before, after }: { readonly before: string; readonly after: string },
): number | undefined {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < before.length; index += 1) {
    const code = before.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  for (let index = start; index < end; index += 1) {
    const code = bytes[index]!;
    if (code < 0x20 || code >= 0x80 || code === 0x22 || code === 0x5c) return undefined;
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  for (let index = 0; index < after.length; index += 1) {
    const code = after.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  return mixed(high, low);
}

function mixed(one: number, other: number): number {
  const high = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  const low = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

/** A subject as text, the same for any order of its attributes. */
export function subjectText(subject: Subject): string {
  const names = Object.keys(subject);
  if (names.length < 2) return JSON.stringify(subject);
  return JSON.stringify(subject, names.sort());
}

/** One attribute as it stands in `subjectText`; quotes in a value are escaped there, so no other text looks like it. */
export function attributeText(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** A value, or how it begins, as it stands in `subjectText` between its quotes. */
export function searchedText(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** What the rows of a subject are found by: a hash for each of its attributes. */
export function attributeHashes(subject: Subject): readonly number[] {
  return Object.entries(subject).map(([name, value]) => hashOf(attributeText(name, value)));
}
