/**
 * Events in the order they came, as bytes. A record is a word (its form in the upper byte, the length of the rest in the others), the instant
 * as a float, and by its form:
 *
 * - `Json`: a float for its facet, and the event's JSON;
 * - `Shaped`: a short for the shape, the texts (operation, values of the subject, request, trace) and the numbers (hundredths of a ms of
 *   latency, expiry, amounts, and used and reserved of each limit) that the shape says it has;
 * - `Deleted`: nothing that means anything.
 */
export interface Block {
  /** Each as JSON; records name them by their index. */
  readonly shapes: readonly string[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly events: number;
}

export const Form = { Json: 0, Shaped: 1, Deleted: 2 } as const;
/** Word and instant. */
export const HEAD_BYTES = 12;
export const FACET_BYTES = 8;
/** What a block is closed at: a question about one event reads all of its block. */
export const BLOCK_EVENTS = 250;
export const BLOCK_BYTES = 64 * 1024;
