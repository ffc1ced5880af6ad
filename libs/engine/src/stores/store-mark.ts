/**
 * What a node wrote into its store last, under a key of its own on each server, and noted on its own disk. The store
 * keeps the order of writes, so one that gives back an older mark than the disk has lost what came after it.
 */
export interface StoreMark {
  readonly key: string;
  /** From when on all that this node counted there is vouched for. */
  readonly since: number;
  /** What was written, epoch milliseconds of the store: all that was acknowledged earlier was executed before. */
  readonly at: number;
  /** The server, and which history of it: what a restart or a failover changes. */
  readonly server: string;
  /** The process ended with it: nothing was acknowledged later. */
  readonly isLast: boolean;
}

/** Where a process finds the marks of those before it, and leaves its own. */
export interface MarkKeeper {
  readonly marks: readonly StoreMark[];
  /** Takes the place of all that were kept before. */
  keep(marks: readonly StoreMark[]): void;
}

/** How long a store keeps a mark that is not renewed: longer than any window but a year. */
export const MARK_MS = 35 * 24 * 60 * 60_000;
/** Marks are noted each second while anything is counted: so much later a process may have counted last. */
const UNNOTED_MS = 2_000;

const INSTANT = /^\d{1,15}$/;

export interface LostSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * What of a node's writes is gone, or may be, when its store gives back this for its mark: nothing (undefined), or all
 * between two instants.
 */
export function lostSince(
  mark: StoreMark,
  found: { readonly value: string | null; readonly server: string },
): LostSpan | undefined {
  const { since, at, server, isLast } = mark;
  const to = isLast ? at : at + UNNOTED_MS;
  // What is no instant of this mark's time was not written by a node: it vouches for nothing.
  if (found.value === null || !INSTANT.test(found.value)) return { from: since, to };
  const foundAt = Number(found.value);
  if (foundAt > to + MARK_MS) return { from: since, to };
  const isSameServer = found.server === server;
  const isIntact = foundAt >= at && (isLast || isSameServer || foundAt >= to);
  return isIntact ? undefined : { from: foundAt, to };
}
