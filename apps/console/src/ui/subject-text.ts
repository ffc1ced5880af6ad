type Attributes = Readonly<Record<string, string>>;

/** `user=u1 grade=3`, as people write a subject. */
export function subjectFrom(text: string): Attributes {
  return Object.fromEntries(
    new URLSearchParams(
      text
        .trim()
        .split(/[\s&]+/)
        .join('&'),
    ),
  );
}

/** The same the other way round: `subjectFrom` reads it. Only what it would read otherwise is encoded. */
export function subjectText(subject: unknown): string {
  if (!subject) return '—';
  const readable = (text: string) => text.replace(/[\s&%+]/g, encodeURIComponent);
  return Object.entries(subject as Attributes)
    .map(([name, value]) => `${name}=${readable(value)}`)
    .join(' ');
}
