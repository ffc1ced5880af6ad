import { request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebhookTarget } from '../config/webhook-target.js';
import { signedHeaders } from './signature.js';

/**
 * What became of attempts and notifications. `delivered`: the receiver answered 2xx. `retried`: an attempt failed and another
 * one followed. `rejected`: the receiver will never take it (another 4xx, or a redirect, which is not followed).
 * `given-up`: it failed `MAX_ATTEMPTS` times. `dropped`: pushed out by newer ones.
 */
export const WEBHOOK_OUTCOMES = ['delivered', 'retried', 'rejected', 'given-up', 'dropped'] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

/** An outage raises one notification for each channel; each is about 1 KB. */
export const MAX_WAITING = 1_000;
const MAX_ATTEMPTS = 8;
const ATTEMPT_LIMIT_MS = 3_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** What a receiver may answer differently later (RFC 9110 §15.5.9, RFC 8470, RFC 6585 §4). */
const RETRYABLE = new Set([408, 425, 429]);

export interface WebhookOptions extends WebhookTarget {
  /** Called with what the log should say; not called for `delivered`. */
  readonly onTrouble?: (outcome: WebhookOutcome, reason: string) => void;
  /** Between 0 and 1, to spread the retries of nodes that fail together. */
  readonly random?: () => number;
  readonly attemptLimitMs?: number;
  readonly firstRetryMs?: number;
}

/**
 * Sends notifications to one receiver, one after the other and in order, each signed at every attempt. `push` only
 * queues: a receiver that is down, slow or hangs costs the caller nothing.
 */
export class Webhook {
  readonly #waiting: Waiting[] = [];
  readonly #outcomes = new Map<WebhookOutcome, number>();
  readonly #closing = new AbortController();
  readonly #options: Required<WebhookOptions>;
  #isSending = false;

  constructor(options: WebhookOptions) {
    this.#options = {
      onTrouble: () => undefined,
      random: Math.random,
      attemptLimitMs: ATTEMPT_LIMIT_MS,
      firstRetryMs: FIRST_RETRY_MS,
      ...options,
    };
  }

  /** Notifications that no attempt has been made for. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How often each came about so far. */
  count(outcome: WebhookOutcome): number {
    return this.#outcomes.get(outcome) ?? 0;
  }

  /** Resolves once nothing more will be done about it: it was delivered, rejected, given up or dropped. Never after `close`. */
  push(notification: object): Promise<void> {
    return new Promise((done) => {
      if (this.#closing.signal.aborted) return;
      if (this.#waiting.length >= MAX_WAITING) {
        this.#waiting.shift()?.done();
        this.#became('dropped', `${MAX_WAITING} notifications wait`);
      }
      this.#waiting.push({ body: JSON.stringify(notification), done });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  /** Ends attempts and waiting at once; what was not delivered is lost. */
  close(): void {
    this.#closing.abort();
    this.#waiting.length = 0;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#send(next.body);
      if (!this.#closing.signal.aborted) next.done();
    }
    this.#isSending = false;
  }

  async #send(body: string): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      const { outcome, reason } = await this.#attempt(body);
      if (this.#closing.signal.aborted) return;
      if (outcome !== 'failed') return this.#became(outcome, reason);
      if (attempts === MAX_ATTEMPTS) return this.#became('given-up', reason);
      this.#became('retried', reason);
      await this.#pause(attempts);
    }
  }

  /**
   * Not by `fetch`: on some versions of Node a time-out joined to another signal by `AbortSignal.any` is collected
   * before it fires (nodejs/node#57736), and then a receiver that hangs would hang all notifications.
   */
  #attempt(body: string): Promise<Attempt> {
    const { url, secret, attemptLimitMs } = this.#options;
    const start = url.startsWith('https:') ? requestByHttps : requestByHttp;
    return new Promise((resolve) => {
      const request = start(url, {
        method: 'POST',
        agent: false,
        signal: this.#closing.signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...signedHeaders(secret, body, new Date()),
        },
      });
      const limit = setTimeout(() => request.destroy(new Error('it did not answer in time')), attemptLimitMs);
      request.on('close', () => clearTimeout(limit));
      request.on('error', ({ code, message }: NodeJS.ErrnoException) => {
        resolve({ outcome: 'failed', reason: code ?? message });
      });
      request.on('response', ({ statusCode = 0 }) => {
        resolve({ outcome: outcomeOf(statusCode), reason: `it answered ${statusCode}` });
        // The rest of the answer says nothing more.
        request.destroy();
      });
      request.end(body);
    });
  }

  #became(outcome: WebhookOutcome, reason: string): void {
    this.#outcomes.set(outcome, this.count(outcome) + 1);
    if (outcome !== 'delivered') this.#options.onTrouble(outcome, reason);
  }

  /** Twice as long after each attempt, and up to half of it left to chance. */
  async #pause(attempts: number): Promise<void> {
    const { firstRetryMs, random } = this.#options;
    const longest = Math.min(firstRetryMs * 2 ** (attempts - 1), LONGEST_RETRY_MS);
    const wait = longest * (1 - random() / 2);
    await sleep(wait, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
  }
}

interface Waiting {
  readonly body: string;
  readonly done: () => void;
}

interface Attempt {
  readonly outcome: 'delivered' | 'rejected' | 'failed';
  readonly reason: string;
}

function outcomeOf(status: number): Attempt['outcome'] {
  if (status >= 200 && status < 300) return 'delivered';
  return status >= 500 || RETRYABLE.has(status) ? 'failed' : 'rejected';
}
