/** What a field for local times has, as an instant; undefined where it is empty. */
export function localToInstant(text: string): string | undefined {
  return text === '' ? undefined : new Date(text).toISOString();
}

/** The same instant with the offset of the reader's time zone, for what the service writes in UTC alone. */
export function inReadersZone(at: string): string {
  const date = new Date(at);
  const minutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${local}${minutes < 0 ? '-' : '+'}${part(Math.abs(minutes) / 60)}:${part(Math.abs(minutes) % 60)}`;
}

/** An instant as a field for local times shows it; the reader's time zone. */
export function instantToLocal(at: string | undefined): string {
  if (at === undefined) return '';
  const date = new Date(at);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
