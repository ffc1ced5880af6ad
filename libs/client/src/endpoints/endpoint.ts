import { Circuit } from './circuit.js';

/** One address of the service. */
export class Endpoint {
  readonly circuit = new Circuit();
  /** Where its circuit opened, on the monotonic clock. */
  openedAt = 0;

  /** `base` ends with a slash. */
  constructor(readonly base: URL) {}

  get name(): string {
    return this.base.href.slice(0, -1);
  }

  urlOf(path: string): URL {
    return new URL(path, this.base);
  }
}

/** @throws TypeError for an address that can never work. */
export function endpointAt(text: unknown, option: string): Endpoint {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    throw new TypeError(`${option} must be like http://sundial:3000, not "${String(text)}".`);
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`${option} must begin with http:// or https://, not ${url.protocol}//.`);
  }
  if (url.username || url.password)
    throw new TypeError(`${option} must hold no user name or password: use key.`);
  if (url.search || url.hash) throw new TypeError(`${option} must have neither a query nor a fragment.`);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return new Endpoint(url);
}
