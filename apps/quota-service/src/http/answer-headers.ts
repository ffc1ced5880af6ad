/**
 * On every answer, errors included: it is what its content-type says, kept by no cache, and framed by no page.
 * The documentation's pages name more sources beside `frame-ancestors`.
 */
export const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'",
} as const;

/** The same as lines of HTTP, for answers that are written on the bare socket. */
export const ANSWER_HEADER_LINES = Object.entries(ANSWER_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
