import type { Subject } from '@sundial/contract';

/** What an event is about, in one text: `ocr?grade=3&user=u1`. Events of one such text are delivered in order. */
export function subjectText(of: string, subject: Subject): string {
  const attributes = Object.keys(subject)
    .toSorted()
    .map((name) => `${name}=${encoded(subject[name]!)}`);
  return attributes.length === 0 ? of : `${of}?${attributes.join('&')}`;
}

/** Values may hold half a character, which has no form in UTF-8. */
function encoded(value: string): string {
  return encodeURIComponent(Buffer.from(value).toString());
}
