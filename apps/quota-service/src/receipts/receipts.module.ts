import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { NodeKeys } from './node-keys.js';
import { ReceiptSigningModule } from './receipt-signing.module.js';
import { ReceiptVerifier } from './receipt-verifier.js';
import { ReceiptsController } from './receipts.controller.js';
import { JWKS, VERIFY_RECEIPT } from './receipts.docs.js';

/** `POST /receipts/verify` and `GET /.well-known/jwks.json`. */
@Module({
  imports: [RecordingModule, ReceiptSigningModule],
  controllers: [ReceiptsController],
  providers: [NodeKeys, ReceiptVerifier],
})
export class ReceiptsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([VERIFY_RECEIPT, JWKS]);
  }
}
