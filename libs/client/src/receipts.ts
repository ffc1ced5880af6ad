/**
 * Verifies receipts in the program that does the costly work (`@sundial/client/receipts`). An entry of its own: what only asks
 * loads no cryptography.
 */
export {
  RemoteKeys,
  type RemoteKeysOptions,
  verifyReceipt,
  type VerifyReceiptOptions,
} from '@sundial/receipts';
export type { ReceiptClaims, ReceiptCode, ReceiptVerdict } from '@sundial/contract';
