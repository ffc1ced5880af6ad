import { request as requestByHttp } from 'node:http';
import { request as requestByHttps, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type AddressGuard, RefusedAddressError } from './address-guard.js';

/** Longer than any healthy receiver takes; a claim on a delivery lasts longer. */
export const ATTEMPT_LIMIT_MS = 5_000;
/** Of the receiver's headers; its body is not read. */
const MAX_ANSWER_HEADER_BYTES = 8_192;

export interface Posted {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is known of an attempt. Nothing that the receiver wrote, and no text of a system: an answer would be a way to look around. */
export type PostResult =
  | { readonly outcome: 'answered'; readonly status: number }
  | { readonly outcome: 'failed'; readonly error: PostFailure };
type PostFailure =
  | 'address-refused'
  | 'name-not-resolved'
  | 'connection-failed'
  | 'tls-failed'
  | 'timed-out'
  | 'broken-answer';

export interface GuardedPostOptions {
  readonly guard: AddressGuard;
  readonly attemptLimitMs?: number;
  readonly signal?: AbortSignal;
}

/** Posts to an address that an API has set: every address of its name is judged, those that were judged are connected to, and no redirect is followed. */
export async function guardedPost(
  { url, body, headers }: Posted,
  { guard, attemptLimitMs = ATTEMPT_LIMIT_MS, signal }: GuardedPostOptions,
): Promise<PostResult> {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isPlain = protocol === 'http:';
  const lookup: LookupFunction = (_host, { all }, callback) => {
    guard.addressesOf(host, { isPlain }).then(
      (addresses) => {
        if (all) callback(null, [...addresses]);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: Error) => callback(error, '', 0),
    );
  };
  try {
    // A literal address is connected to without a lookup.
    if (/^[\d.]+$|:/.test(host)) await guard.addressesOf(host, { isPlain });
  } catch (error) {
    return { outcome: 'failed', error: failureOf(error as Error) };
  }
  const options: RequestOptions = {
    method: 'POST',
    agent: false,
    lookup,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    ...(signal && { signal }),
  };
  return new Promise((resolve) => {
    const request = (isPlain ? requestByHttp : requestByHttps)(url, options);
    const limit = setTimeout(() => request.destroy(new TimedOut()), attemptLimitMs);
    request.on('close', () => {
      clearTimeout(limit);
      resolve({ outcome: 'failed', error: 'broken-answer' });
    });
    request.on('error', (error) => resolve({ outcome: 'failed', error: failureOf(error) }));
    request.on('response', ({ statusCode: status = 0 }) => {
      resolve({ outcome: 'answered', status });
      request.destroy();
    });
    request.end(body);
  });
}

class TimedOut extends Error {}

function failureOf(error: NodeJS.ErrnoException): PostFailure {
  if (error instanceof RefusedAddressError) return 'address-refused';
  if (error instanceof TimedOut) return 'timed-out';
  const { code = '' } = error;
  if (/^E(NOTFOUND|AI_)/.test(code)) return 'name-not-resolved';
  if (code.startsWith('HPE_')) return 'broken-answer';
  if (/EPROTO|CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_/.test(code)) return 'tls-failed';
  return 'connection-failed';
}
