export type { ReceiptClaims, ReceiptCode, ReceiptVerdict } from '@sundial/contract';
export { checkReceipt, type ReceiptExpectation } from './check-receipt.js';
export { operationName } from './receipt-claims.js';
export { type KeySource, KnownKeys } from './key-source.js';
export {
  generateSigningKey,
  keyFromJwk,
  pemOf,
  readReceiptKey,
  readSigningKey,
  type ReceiptAlgorithm,
  type ReceiptJwk,
  type ReceiptKey,
  type SigningKey,
  UnfitKeyError,
} from './receipt-key.js';
export { ReceiptSigner, type ReceiptSignerOptions, type SigningOutcome } from './receipt-signer.js';
export { RemoteKeys, type RemoteKeysOptions } from './remote-keys.js';
export { verifyReceipt, type VerifyReceiptOptions } from './verify-receipt.js';
