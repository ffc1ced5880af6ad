import { type CountedLimit, windowText } from '@sundial/engine';

/**
 * A decision as HTTP headers: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10) and, on a
 * denial that time will lift, `Retry-After` (RFC 9110 §10.2.3).
 *
 * One item a limit, named after its rule and window: `"ocr-per-user-day";q=10;w=86400` (quota, window in seconds) and
 * `"ocr-per-user-day";r=6;t=3021` (remaining, seconds to the reset). Of another meter than units the name ends with the meter,
 * which is also the quota unit (`qu`): `"llm-day|tokens";q=20000;qu="tokens";w=86400`. `|` stands in no rule's name, so no two
 * limits share one. What has no end has neither `w` nor `t`; `concurrent` has the draft's own quota unit for it.
 *
 * Rules that only observe are not the caller's business and have no item; nor have limits that never refuse: soft ones, and those
 * without a `max`.
 */
export function rateLimitHeaders(decision: RateLimited, now: number): Record<string, string> {
  const headers: Record<string, string> = {};
  if (decision.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.ceil(decision.retryAfterMs / 1000));
  let [policies, limits] = ['', ''];
  for (const limit of decision.limits) {
    const { rule, mode, meter, max, remaining, resetsAt, resetsAtMs } = limit;
    if (mode !== 'enforce' || limit.soft === true || max === null || remaining === null) continue;
    const window = windowText(limit.window);
    const name = `${policies === '' ? '' : ', '}"${rule}-${window}${meter === 'units' ? '' : `|${meter}`}"`;
    policies += `${name};q=${integer(max)}${quotaUnit(window, meter)}`;
    limits += `${name};r=${integer(remaining)}`;
    if (resetsAt === null) continue;
    policies += `;w=${seconds(resetsAtMs - limit.startsAtMs)}`;
    limits += `;t=${seconds(resetsAtMs - now)}`;
  }
  if (policies !== '') {
    headers['ratelimit-policy'] = policies;
    headers['ratelimit'] = limits;
  }
  return headers;
}

/** What of a decision the headers are about. */
interface RateLimited {
  readonly limits: readonly Pick<
    CountedLimit,
    | 'rule'
    | 'mode'
    | 'soft'
    | 'window'
    | 'meter'
    | 'max'
    | 'remaining'
    | 'resetsAt'
    | 'startsAtMs'
    | 'resetsAtMs'
  >[];
  readonly retryAfterMs?: number;
}

/** Absent, it is the draft's default: requests. */
function quotaUnit(window: string, meter: string): string {
  if (meter !== 'units') return `;qu="${meter}"`;
  return window === 'concurrent' ? ';qu="concurrent-requests"' : '';
}

/** A structured-field integer has at most 15 digits (RFC 9651 §3.3.1); limits may have 16. */
const MAX_INTEGER = 999_999_999_999_999;

function integer(value: number): number {
  return Math.min(value, MAX_INTEGER);
}

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
