import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { QuotaEngine, type ReceiptStore } from '@sundial/engine';
import type { KeySource, ReceiptKey } from '@sundial/receipts';
import { performance } from 'node:perf_hooks';
import { SETTINGS, type Settings } from '../config/settings.js';
import { RECEIPT_STORE } from '../engine/tokens.js';
import { type Jwks, KnownNodeKeys } from './known-keys.js';
import { OWN_KEYS, type OwnKeys } from './own-keys.js';

/** How often the keys are published, and those of others read. */
const EXCHANGE_MS = 10_000;
/** How soon again where the store did not answer. */
const RETRY_MS = 1_000;
/** A receipt that names an unknown key makes this node ask at once, so often at most, whatever receipts it is sent. */
const MIN_PAUSE_MS = 1_000;
/** A key stays published so much longer than a receipt is valid: the time between two exchanges, and clocks that differ. */
const MARGIN_MS = 60_000;

/**
 * The public keys of all nodes. Each node publishes its own, so that a receipt of any of them is verified by all; those of a node that
 * has left stay until its receipts are over. While the store is away, what is known stays.
 */
@Injectable()
export class NodeKeys implements KeySource, OnModuleInit, OnModuleDestroy {
  readonly #keys: KnownNodeKeys;
  readonly #keepMs: number;
  #isComplete = false;
  #askedAt = -Infinity;
  #exchanging: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly engine: QuotaEngine,
    @Inject(RECEIPT_STORE) private readonly store: ReceiptStore,
    @Inject(OWN_KEYS) private readonly own: OwnKeys,
    @Inject(SETTINGS) { receiptTtlMs }: Settings,
  ) {
    this.#keys = new KnownNodeKeys(own.all);
    this.#keepMs = receiptTtlMs + MARGIN_MS;
  }

  /** False while the store does not answer: another node may have a key that this one has not seen. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  get jwks(): Jwks {
    return this.#keys.jwks;
  }

  async onModuleInit(): Promise<void> {
    await this.own.keep();
    void this.#exchange();
  }

  onModuleDestroy(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async find(kid: string): Promise<ReceiptKey | undefined> {
    const known = this.#keys.get(kid);
    if (known) return known;
    if (performance.now() - this.#askedAt >= MIN_PAUSE_MS) void this.#exchange();
    await this.#exchanging;
    return this.#keys.get(kid);
  }

  #exchange(): Promise<void> {
    this.#exchanging ??= this.#exchangeOnce().finally(() => (this.#exchanging = undefined));
    return this.#exchanging;
  }

  async #exchangeOnce(): Promise<void> {
    clearTimeout(this.#timer);
    this.#askedAt = performance.now();
    try {
      const times = { now: this.engine.now(), keepMs: this.#keepMs };
      const published = await this.store.exchangeKeys(this.#keys.published, times);
      this.#keys.saw(published, performance.now(), this.#keepMs);
      this.#isComplete = true;
    } catch {
      this.#isComplete = false;
    }
    if (this.#isClosed) return;
    const pauseMs = this.#isComplete ? EXCHANGE_MS : RETRY_MS;
    this.#timer = setTimeout(() => void this.#exchange(), pauseMs).unref();
  }
}
