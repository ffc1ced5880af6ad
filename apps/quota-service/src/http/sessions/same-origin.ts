import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../problems/problem.js';

/** A page of another site cannot send it without asking first, and is never let. */
const CSRF_HEADER = 'x-sundial-csrf';

/**
 * Why a change that a browser asks for with a session is not taken for the console's own. `Sec-Fetch-Site` is the browser's word;
 * where it is absent (a page that came by plain HTTP), the page's origin must be the host that is asked.
 */
export function crossSiteRefusal(headers: IncomingHttpHeaders): Problem | undefined {
  if (headers[CSRF_HEADER] === undefined) return NO_HEADER;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' ? undefined : OTHER_SITE;
  const { origin, host } = headers;
  if (origin === undefined || host === undefined) return OTHER_SITE;
  const [scheme, authority] = origin.toLowerCase().split('://');
  const isOwn = (scheme === 'http' || scheme === 'https') && authority === host.toLowerCase();
  return isOwn ? undefined : OTHER_SITE;
}

/** Whether the page that asks came by HTTPS, perhaps through a proxy that ends it: its browser says so. */
export function isFromHttps({ origin }: IncomingHttpHeaders): boolean {
  return origin?.toLowerCase().startsWith('https://') ?? false;
}

const NO_HEADER = new Problem(
  'origin-not-allowed',
  `With a session of the console a change needs the header ${CSRF_HEADER}; programs send a key as Authorization: Bearer <key>.`,
);
const OTHER_SITE = new Problem(
  'origin-not-allowed',
  'With a session of the console only its own pages change anything. A proxy before this service must leave the Host header as it is.',
);
