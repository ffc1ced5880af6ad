import type { Segment } from './day-file.js';

export interface Condition {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** The rows of a segment that may have all these attributes: by the rarest of them where there is an index. */
export function attributeSearch(
  { id, closed }: Segment,
  hashes: readonly number[],
  rowsOf: (hash: number) => number,
): Condition {
  const [only] = hashes;
  if (closed && only !== undefined) {
    const hash =
      hashes.length === 1
        ? only
        : hashes.reduce((rarest, one) => (rowsOf(one) < rowsOf(rarest) ? one : rarest));
    return { text: `seq IN (SELECT seq FROM attributes_${id} WHERE hash = ?)`, values: [hash] };
  }
  return {
    text:
      hashes
        .map(() => `(attributes = ? OR (typeof(attributes) = 'text' AND instr(attributes, ?) > 0))`)
        .join(' AND ') || 'true',
    values: hashes.flatMap((hash) => [hash, String(hash)]),
  };
}
