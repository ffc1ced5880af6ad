/** What a field for local times has, as an instant; undefined where it is empty. */
export function localToInstant(text: string): string | undefined {
  return text === '' ? undefined : new Date(text).toISOString();
}

/** An instant as a field for local times shows it; the reader's time zone. */
export function instantToLocal(at: string | undefined): string {
  if (at === undefined) return '';
  const date = new Date(at);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
