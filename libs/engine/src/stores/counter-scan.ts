import type { OnExpiry } from '@sundial/contract';
import type { Answer } from './answer.js';

/** What operators look for: the counters of a rule, of any subject, a bounded part of all keys at a time. */
export interface CounterScanStore {
  /**
   * Keys of counters, in no order. Those that are there all along are met, if all pages are read, and some of them more than once; of
   * those that come or go meanwhile some may be missed. Undefined: the cursor is none that this store gave.
   */
  scan(request: ScanRequest): Answer<ScannedKeys | undefined>;
  /** The live holds of a counter, at most `MAX_SHOWN_HOLDS`, in the order in which they expire. */
  liveHolds(key: string): Answer<readonly LiveHold[]>;
}

/** Units of a counter that are held, and until when. */
export interface LiveHold {
  /** Epoch milliseconds, store clock. */
  readonly expiresAt: number;
  readonly onExpiry: OnExpiry;
  /** By the field of their limit, in whichever of its windows. */
  readonly units: Readonly<Record<string, number>>;
}

export const MAX_SHOWN_HOLDS = 100;

export interface ScanRequest {
  /** How the keys begin. Both parts are plain: no character of them is special in a pattern. */
  readonly prefix: string;
  /** What they contain behind that. */
  readonly infix: string;
  /** Of the page before; absent: from the beginning. */
  readonly cursor?: string | undefined;
  /** Keys are looked at until so many were found, a little more at most, or until the work of one page is done. */
  readonly wanted: number;
}

export interface ScannedKeys {
  readonly keys: readonly string[];
  /** Absent: all keys were looked at. */
  readonly cursor?: string;
}

/** Keys that one page looks at, about: some ten milliseconds of a store's time, in parts of a millisecond. */
export const MAX_SCANNED_A_PAGE = 20_000;
/** In one part. */
export const SCANNED_AT_ONCE = 1_000;

/** Keys beside a counter's, such as that of its holds, end with `!` and a word. */
export function isCounterKey(key: string): boolean {
  return !key.includes('!');
}
