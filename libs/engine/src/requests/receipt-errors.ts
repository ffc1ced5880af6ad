import { type CheckRequest, type InputError, MAX_RECEIPT_SUBJECT_BYTES, said } from '@sundial/contract';

const NONE: readonly InputError[] = [];

/** What a receipt cannot name is refused before anything is counted: a decision without the receipt would help its caller little. */
export function receiptErrors({
  receipt,
  subject,
}: Pick<CheckRequest, 'receipt' | 'subject'>): readonly InputError[] {
  if (receipt !== true) return NONE;
  const bytes = Buffer.byteLength(JSON.stringify(subject));
  if (bytes <= MAX_RECEIPT_SUBJECT_BYTES) return NONE;
  return [{ path: 'receipt', ...said('receipt-too-large', { count: bytes, to: MAX_RECEIPT_SUBJECT_BYTES }) }];
}
