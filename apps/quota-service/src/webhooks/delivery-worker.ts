import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { QuotaEngine } from '@sundial/engine';
import { type ClaimedDelivery, UnreadableSecretError, type WebhookTarget } from '@sundial/ledger';
import { performance } from 'node:perf_hooks';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Deliveries } from '../events/deliveries.js';
import { EventMetrics } from '../events/event-metrics.js';
import { EventOutbox } from '../events/event-outbox.js';
import { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import { LOG, type Log } from '../logging/log.js';
import { DeliveryAttempt } from './delivery-attempt.js';
import { EndpointPauses } from './endpoint-pauses.js';
import { retryDelayMs, TRIED_MS } from './retry-delay.js';
import { ATTEMPT_LIMIT_MS, type PostResult } from './sending/guarded-post.js';

/** Other nodes' events, retries and what a killed node had claimed are seen within this. */
const LOOK_MS = 1_000;
/** Longer than an attempt and the writes around it: no node takes a delivery that is still being sent. */
const LEASE_MS = 3 * ATTEMPT_LIMIT_MS;
/** Of one node to one webhook at once, each of another subject. */
const MAX_AT_ONCE = 4;
const HOUSEKEEPING_MS = 10 * 60_000;
/** How long attempts that are under way may take when the node leaves. */
const LEAVING_MS = 1_000;

/** Delivers what is due to webhooks, of which each is sent by one node at a time. */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #inFlight = new Map<string, Set<Promise<void>>>();
  readonly #pauses = new EndpointPauses();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** Webhooks of which the log says that their secrets cannot be read. */
  readonly #unreadable = new Set<string>();
  #isAsked = false;
  #isAway = false;
  #cleanedAt = -Infinity;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly outbox: EventOutbox,
    private readonly attempt: DeliveryAttempt,
    private readonly engine: QuotaEngine,
    private readonly recorder: LedgerRecorder,
    private readonly metrics: EventMetrics,
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.deliveries.isOn) return;
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.outbox.onKept(() => this.look());
  }

  /** Looks for what is due, now and not only with the next tick. */
  look(): void {
    if (this.#closing.signal.aborted || !this.deliveries.isOn) return;
    this.#isAsked = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** What is under way may end; what is cut off is tried again by another node, at once. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    const limit = setTimeout(() => this.#closing.abort(), LEAVING_MS);
    this.#timer = undefined;
    await this.#running;
    await Promise.all([...this.#inFlight.values()].flatMap((attempts) => [...attempts]));
    clearTimeout(limit);
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    while (this.#isAsked && !this.#closing.signal.aborted) {
      this.#isAsked = false;
      try {
        await this.#makeDue();
        for (const webhook of await this.deliveries.store.queue.due()) await this.#take(webhook);
        await this.#clean();
        this.#isAway = false;
      } catch (error) {
        if (!this.#isAway)
          this.log.warn({ err: error }, 'webhooks wait: the database of the ledger does not answer');
        this.#isAway = true;
      }
    }
  }

  /** Events whose time has come, by the store's clock. */
  async #makeDue(): Promise<void> {
    const kept = await this.deliveries.store.events.appendDue(Math.round(this.engine.now()));
    if (kept.length === 0) return;
    this.#isAsked = true;
    this.outbox.kept();
  }

  async #take(webhook: string): Promise<void> {
    if (this.#pauses.isPaused(webhook, performance.now())) return;
    const attempts = this.#inFlight.get(webhook) ?? new Set();
    const limit = (this.#pauses.isFailing(webhook) ? 1 : MAX_AT_ONCE) - attempts.size;
    if (limit <= 0) return;
    const { store, nodeName: node } = this.deliveries;
    const target = await this.#targetOf(webhook);
    if (target === undefined) return;
    const claimed = await store.queue.claim(webhook, { node, limit, leaseMs: LEASE_MS });
    if (claimed.length === 0) return;
    this.#inFlight.set(webhook, attempts);
    for (const delivery of claimed) {
      const attempt = this.attempt
        .send(target, delivery.body, this.#closing.signal)
        .then((result) => this.#became(delivery, result))
        .catch((error: unknown) =>
          this.log.warn({ err: error }, 'what became of a delivery is not written: it is sent again'),
        )
        .finally(() => {
          attempts.delete(attempt);
          if (attempts.size === 0) this.#inFlight.delete(webhook);
          this.look();
        });
      attempts.add(attempt);
    }
  }

  /** Undefined where it was deleted, or this node has not the key of its secret: then it is left to nodes that have. */
  async #targetOf(webhook: string): Promise<WebhookTarget | undefined> {
    try {
      return await this.deliveries.store.webhooks.target(webhook);
    } catch (error) {
      if (!(error instanceof UnreadableSecretError)) throw error;
      this.#pauses.failed(webhook, performance.now());
      if (!this.#unreadable.has(webhook))
        this.log.error(
          { webhook },
          'the secret of a webhook cannot be read, and its deliveries wait: start the node with the SUNDIAL_SECRETS_KEY that it was set with, or set another secret',
        );
      this.#unreadable.add(webhook);
      return undefined;
    }
  }

  async #became(delivery: ClaimedDelivery, result: PostResult): Promise<void> {
    const { id, webhookId, attempts, ageMs } = delivery;
    const { store, nodeName: node } = this.deliveries;
    if (result.outcome === 'answered' && result.status >= 200 && result.status < 300) {
      await store.queue.delivered(id, node, result.status);
      if (this.#pauses.succeeded(webhookId)) await store.queue.hurry(webhookId);
      return this.#record('delivered', delivery, result);
    }
    if (this.#closing.signal.aborted) return store.queue.failed(id, node, { error: 'the node left' }, 0);
    this.#pauses.failed(webhookId, performance.now());
    const failure =
      result.outcome === 'answered'
        ? { status: result.status, error: `answered-${result.status}` }
        : { error: result.error };
    const isGone = result.outcome === 'answered' && result.status === 410;
    if (isGone || ageMs >= TRIED_MS) {
      await store.queue.died(id, node, failure);
      this.log.warn(
        { webhook: webhookId, event: delivery.eventId, ...failure },
        'a delivery is a dead letter: see GET /admin/dead-letters',
      );
      return this.#record('dead', delivery, result);
    }
    await store.queue.failed(id, node, failure, retryDelayMs(attempts, Math.random()));
    this.#record('failed', delivery, result);
  }

  #record(outcome: 'delivered' | 'failed' | 'dead', delivery: ClaimedDelivery, result: PostResult): void {
    this.metrics.attempted(outcome);
    const { eventId: event, webhookId: target, attempts } = delivery;
    const why = result.outcome === 'answered' ? { status: result.status } : { error: result.error };
    this.recorder.record({ kind: 'delivery', outcome, data: { target, event, attempts, ...why } });
  }

  /** On any node, now and then: what is too old goes. */
  async #clean(): Promise<void> {
    const now = performance.now();
    if (now - this.#cleanedAt < HOUSEKEEPING_MS) return;
    this.#cleanedAt = now;
    const keptMs = (this.settings.ledger?.days ?? 0) * 24 * 60 * 60_000;
    const { events, queue } = this.deliveries.store;
    await queue.expire({ triedMs: TRIED_MS, keptMs });
    const storeNow = Math.round(this.engine.now());
    await events.dropBefore(storeNow - keptMs, storeNow);
  }
}
