export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** A Markdown table whose columns line up, to be read in a terminal as well. */
export function markdownTable(columns: readonly Column[], lines: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, column) =>
    Math.max(3, title.length, ...lines.map((line) => line[column]!.length)),
  );
  const pad = (text: string, column: number) =>
    columns[column]!.align === 'right' ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  const rule = columns.map(({ align }, column) =>
    align === 'right' ? `${'-'.repeat(widths[column]! - 1)}:` : '-'.repeat(widths[column]!),
  );
  const line = (texts: readonly string[]) => `| ${texts.map(pad).join(' | ')} |`;
  return [line(columns.map(({ title }) => title)), `| ${rule.join(' | ')} |`, ...lines.map(line)].join('\n');
}
