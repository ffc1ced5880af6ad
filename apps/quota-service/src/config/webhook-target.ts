import { isLoopback } from './loopback.js';

/** Where a webhook sends. The secret is shared with the receiver. */
export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
}

/** Notifications say what is broken here: they travel encrypted, or not at all beyond this machine. */
export function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')));
}
