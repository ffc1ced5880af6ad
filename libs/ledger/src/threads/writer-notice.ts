import type { LedgerGap } from '../contract/ledger.js';

/** What the writer says of itself. */
export type WriterNotice =
  | { readonly kind: 'away'; readonly message: string; readonly isFull: boolean }
  | { readonly kind: 'back' }
  | { readonly kind: 'gap'; readonly gap: LedgerGap };
