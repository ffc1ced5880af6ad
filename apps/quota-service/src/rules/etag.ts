/** Entity tags of RFC 9110 §8.8.3 over versions and revisions: `"12"`. */
export function etag(version: number): string {
  return `"${version}"`;
}

/**
 * What an `If-Match` header demands: nothing, that there is something (`*`), or one of these versions. Tags are
 * compared strongly, so weak ones match nothing, nor do tags that are no version.
 */
export function parseIfMatch(header: string | undefined): 'nothing' | 'existence' | readonly number[] {
  if (header === undefined) return 'nothing';
  if (header.trim() === '*') return 'existence';
  return tags(header).flatMap((tag) => (/^"\d{1,15}"$/.test(tag) ? [Number(tag.slice(1, -1))] : []));
}

/** Whether an `If-None-Match` header names this version; weakly, as RFC 9110 §13.1.2 wants it. */
export function isNoneMatch(header: string | undefined, version: number): boolean {
  if (header === undefined) return true;
  return header.trim() !== '*' && !tags(header).some((tag) => tag.replace(/^W\//, '') === etag(version));
}

function tags(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}
