import { type Endpoint, endpointAt } from './endpoints/endpoint.js';
import { type Fallback, Fallbacks } from './fallback/fallback.js';
import type { QuotaClientOptions } from './quota-client-options.js';

const MAX_ENDPOINTS = 16;
const DEFAULT_DEADLINE_MS = 200;
const DEFAULT_RETRIES = 2;
const DEFAULT_MAX_OPERATIONS = 10_000;
const DEFAULT_ERROR_RATE = 0.05;

/** The options, validated, with their defaults. */
export interface ClientSettings {
  readonly endpoints: readonly Endpoint[];
  readonly headers: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly retries: number;
  readonly fallbacks: Fallbacks;
  readonly maxOperations: number;
  readonly file: string | undefined;
  readonly merge: boolean;
  readonly errorRate: number;
}

/** @throws TypeError for an option that can never work. */
export function settingsOf(options: QuotaClientOptions): ClientSettings {
  const { key, merge = true, journal = {}, deadlineMs, retries, alarmErrorRate } = options;
  const { file } = journal;
  if (typeof merge !== 'boolean') throw new TypeError(`merge must be true or false, not ${String(merge)}.`);
  if (file !== undefined && (typeof file !== 'string' || file === '')) {
    throw new TypeError('journal.file must be the path of a file.');
  }
  for (const name of ['onAlarm', 'onCall', 'headers', 'fetch'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`${name} must be a function.`);
  }
  return {
    endpoints: endpointsOf(options),
    headers: { accept: 'application/json', ...(key !== undefined && authorization(key)) },
    deadlineMs: between('deadlineMs', deadlineMs, DEFAULT_DEADLINE_MS, 10, 60_000),
    retries: integer('retries', retries, DEFAULT_RETRIES, 0, 10),
    fallbacks: new Fallbacks(byResource(options.fallback ?? 'allow')),
    maxOperations: integer(
      'journal.maxOperations',
      journal.maxOperations,
      DEFAULT_MAX_OPERATIONS,
      1,
      1_000_000,
    ),
    file,
    merge,
    errorRate: between('alarmErrorRate', alarmErrorRate, DEFAULT_ERROR_RATE, 0, 1),
  };
}

function endpointsOf({ url, endpoints }: QuotaClientOptions): readonly Endpoint[] {
  if (url !== undefined && endpoints !== undefined) throw new TypeError('Either url or endpoints, not both.');
  if (endpoints === undefined) return [endpointAt(url, 'url')];
  if (!Array.isArray(endpoints) || endpoints.length < 1 || endpoints.length > MAX_ENDPOINTS) {
    throw new TypeError(`endpoints must be a list of 1 to ${MAX_ENDPOINTS} addresses.`);
  }
  const all = endpoints.map((text, index) => endpointAt(text, `endpoints[${index}]`));
  if (new Set(all.map(({ name }) => name)).size < all.length) {
    throw new TypeError('endpoints must not name an address twice.');
  }
  return all;
}

function byResource(
  fallback: NonNullable<QuotaClientOptions['fallback']>,
): Readonly<Record<string, Fallback>> {
  if (typeof fallback === 'object') return fallback;
  return { default: fallback };
}

function authorization(key: string): { readonly authorization: string } {
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new TypeError('key must be printable ASCII characters without spaces.');
  return { authorization: `Bearer ${key}` };
}

function integer(name: string, value: unknown, fallback: number, least: number, most: number): number {
  const number = between(name, value, fallback, least, most);
  if (!Number.isInteger(number)) throw new TypeError(`${name} must be an integer, not ${number}.`);
  return number;
}

function between(name: string, value: unknown, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new TypeError(`${name} must be ${least} to ${most}, not ${String(value)}.`);
}
