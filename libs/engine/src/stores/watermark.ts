/**
 * What a node wrote into its store last, under a key of its own on each server, and noted on its own disk. The store
 * keeps the order of writes, so one that gives back an older watermark than the disk's has lost what came after it.
 */
export interface Watermark {
  readonly key: string;
  /** From this instant on, everything that this node counted there is covered by the watermark. */
  readonly since: number;
  /** What was written, epoch milliseconds of the store: all that was acknowledged earlier was executed before. */
  readonly at: number;
  /** The server and its replication history, which a restart or a failover changes. */
  readonly server: string;
  /** The process ended with it: nothing was acknowledged later. */
  readonly isLast: boolean;
}

/** Where a process finds the watermarks of those before it, and leaves its own. */
export interface WatermarkKeeper {
  readonly watermarks: readonly Watermark[];
  /** Takes the place of all that were kept before. */
  keep(watermarks: readonly Watermark[]): void;
}

/** How long a store keeps a watermark that is not renewed: longer than any window but a year. */
export const WATERMARK_MS = 35 * 24 * 60 * 60_000;
/**
 * Watermarks are noted each second while anything is counted: a process may have counted this much later than its last
 * one.
 */
const UNNOTED_MS = 2_000;

const INSTANT = /^\d{1,15}$/;

export interface LostInterval {
  readonly from: number;
  readonly to: number;
}

/**
 * What of a node's writes is gone, or may be, when its store gives back this for its watermark: nothing (undefined), or all
 * between two instants.
 */
export function lostSince(
  watermark: Watermark,
  found: { readonly value: string | null; readonly server: string },
): LostInterval | undefined {
  const { since, at, server, isLast } = watermark;
  const to = isLast ? at : at + UNNOTED_MS;
  // A value that is no instant of this watermark's time was not written by a node: it proves nothing.
  if (found.value === null || !INSTANT.test(found.value)) return { from: since, to };
  const foundAt = Number(found.value);
  if (foundAt > to + WATERMARK_MS) return { from: since, to };
  const isSameServer = found.server === server;
  const isIntact = foundAt >= at && (isLast || isSameServer || foundAt >= to);
  return isIntact ? undefined : { from: foundAt, to };
}
