import { readReceiptKey, readSigningKey } from '@sundial/receipts';
import { readFileSync } from 'node:fs';

/** The files of `SUNDIAL_RECEIPT_KEY`. */
export function receiptKeyFilesIn(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((path) => path.trim())
    .filter(Boolean);
}

/** Why receipts cannot be signed with the first of these files, or verified with one of the others; undefined where they can. */
export function receiptKeyError(value: unknown): string | undefined {
  const errors = receiptKeyFilesIn(String(value)).flatMap((path, index) => {
    try {
      const text = readFileSync(path, 'utf8');
      if (index === 0) readSigningKey(text);
      else readReceiptKey(text);
      return [];
    } catch (error) {
      return [`${path} ${problemOf(error as NodeJS.ErrnoException)}`];
    }
  });
  if (errors.length === 0) return undefined;
  return `must name files with keys of Ed25519 or P-256 (PEM or JWK), separated by commas, of which the first is private and signs: ${errors.join('; ')}`;
}

function problemOf({ code, message }: NodeJS.ErrnoException): string {
  return code === undefined ? message : `cannot be read (${code})`;
}
