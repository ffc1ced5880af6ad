import type { ReceiptCode } from '@sundial/contract';
import { Injectable } from '@nestjs/common';
import type { SigningOutcome } from '@sundial/receipts';
import { Counter, Registry } from 'prom-client';

/** Receipts for Prometheus: those that were asked for, and those that were shown. */
@Injectable()
export class ReceiptMetrics {
  readonly #issued: Counter;
  readonly #verified: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#issued = new Counter({
      name: 'sundial_receipts_total',
      help: 'Receipts that allowed checks asked for, by outcome (signed, late, failed); without one the decision went all the same',
      labelNames: ['outcome'],
      registers,
    });
    this.#verified = new Counter({
      name: 'sundial_receipt_verifications_total',
      help: 'Receipts that POST /receipts/verify was shown, by the code of the verdict; valid where it was accepted',
      labelNames: ['code'],
      registers,
    });
  }

  issued(outcome: SigningOutcome): void {
    this.#issued.inc({ outcome });
  }

  verified(code: ReceiptCode | 'valid'): void {
    this.#verified.inc({ code });
  }
}
