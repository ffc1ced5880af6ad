import { Module } from '@nestjs/common';
import { ReceiptSigner } from '@sundial/receipts';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LOG, type Log } from '../logging/log.js';
import { loadOwnKeys, OWN_KEYS, type OwnKeys } from './own-keys.js';
import { ReceiptMetrics } from './receipt-metrics.js';

/** What signs receipts: the keys of this node. The engine is opened with it, so it knows no engine. */
@Module({
  providers: [
    ReceiptMetrics,
    {
      provide: OWN_KEYS,
      inject: [SETTINGS, LOG],
      useFactory: (settings: Settings, log: Log) => loadOwnKeys(settings, log),
    },
    {
      provide: ReceiptSigner,
      inject: [OWN_KEYS, SETTINGS, ReceiptMetrics],
      useFactory: ({ signing }: OwnKeys, { receiptTtlMs: ttlMs }: Settings, metrics: ReceiptMetrics) =>
        new ReceiptSigner(signing, { ttlMs, onOutcome: (outcome) => metrics.issued(outcome) }),
    },
  ],
  exports: [OWN_KEYS, ReceiptSigner, ReceiptMetrics],
})
export class ReceiptSigningModule {}
