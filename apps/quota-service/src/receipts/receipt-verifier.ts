import {
  type OperatorControls,
  QuotaError,
  type ReceiptClaims,
  type ReceiptVerdict,
  type VerifyReceiptRequest,
} from '@sundial/contract';
import { Inject, Injectable } from '@nestjs/common';
import { QuotaEngine, type ReceiptStore } from '@sundial/engine';
import { checkReceipt, operationName } from '@sundial/receipts';
import { SETTINGS, type Settings } from '../config/settings.js';
import { CONTROLS, RECEIPT_STORE } from '../engine/tokens.js';
import { NodeKeys } from './node-keys.js';
import { ReceiptMetrics } from './receipt-metrics.js';

/** All nodes go by the store's clock, which each of them estimates. */
const CLOCK_TOLERANCE_MS = 2_000;
/**
 * A repeated operation gets another receipt, which must not be consumed either: so long an operation may be repeated after its first receipt
 * was issued. One of a reserve as long as it can be held.
 */
const REPEATABLE_MS = 30 * 60_000;
const RESERVATION_REPEATABLE_MS = 24 * 60 * 60_000 + REPEATABLE_MS;

/** Verifies receipts with the keys of all nodes, and consumes them once over all nodes. */
@Injectable()
export class ReceiptVerifier {
  constructor(
    private readonly engine: QuotaEngine,
    private readonly keys: NodeKeys,
    private readonly metrics: ReceiptMetrics,
    @Inject(RECEIPT_STORE) private readonly store: ReceiptStore,
    @Inject(CONTROLS) private readonly controls: OperatorControls,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws QuotaError `store-unavailable` where it is to be consumed and the store is away. */
  async verify({ receipt, resource, consume = false }: VerifyReceiptRequest): Promise<ReceiptVerdict> {
    const now = this.engine.now();
    const { keys, controls } = this;
    const isOpen = (asked: string) => controls.isOpen(asked);
    const clockToleranceMs = CLOCK_TOLERANCE_MS;
    const verdict = await checkReceipt(receipt, { resource, keys, now, clockToleranceMs, isOpen });
    const isUsedUp = verdict.valid && consume && !(await this.#consume(verdict.claims, now));
    const decided: ReceiptVerdict = isUsedUp ? { valid: false, code: 'already-consumed' } : verdict;
    this.metrics.verified(decided.valid ? 'valid' : decided.code);
    return decided;
  }

  async #consume(claims: ReceiptClaims, now: number): Promise<boolean> {
    const repeatableMs = claims.reservation === undefined ? REPEATABLE_MS : RESERVATION_REPEATABLE_MS;
    const forMs = Math.max(0, claims.exp * 1000 - now) + CLOCK_TOLERANCE_MS + repeatableMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('The store is late')), this.settings.deadlineMs);
    });
    try {
      // Not the claim: a pass that a client made names itself as its maker likes.
      return await Promise.race([this.store.consume({ id: operationName(claims), forMs }), late]);
    } catch (cause) {
      if (cause instanceof QuotaError) throw cause;
      const detail =
        'The receipt is genuine, and the store did not say whether it was consumed before. It may be consumed now.';
      throw new QuotaError('store-unavailable', detail, [], { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}
