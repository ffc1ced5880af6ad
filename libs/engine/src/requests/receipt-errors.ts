import { type CheckRequest, type InputError, MAX_RECEIPT_SUBJECT_BYTES } from '@sundial/contract';

const NONE: readonly InputError[] = [];

/** What a receipt cannot name is refused before anything is counted: a decision without the receipt would help its caller little. */
export function receiptErrors({
  receipt,
  subject,
}: Pick<CheckRequest, 'receipt' | 'subject'>): readonly InputError[] {
  if (receipt !== true) return NONE;
  const bytes = Buffer.byteLength(JSON.stringify(subject));
  if (bytes <= MAX_RECEIPT_SUBJECT_BYTES) return NONE;
  const message = `is not possible for a subject of ${bytes} bytes as JSON: a receipt names at most ${MAX_RECEIPT_SUBJECT_BYTES}`;
  return [{ path: 'receipt', message }];
}
