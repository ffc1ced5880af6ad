import type { AlarmPattern } from '../patterns/alarm-pattern.js';

const MINUTE_MS = 60_000;

type Lasting = AlarmPattern & { readonly withinMs: number };

/**
 * Patterns that are met by what all nodes see together. The others are about a node itself; `volume` with a `factor` needs a day's memory, and is
 * judged by each node.
 */
export type SharedPattern = Lasting | Extract<AlarmPattern, { readonly kind: 'sustained' }>;

export function isShared(pattern: AlarmPattern): pattern is SharedPattern {
  if (pattern.kind === 'volume') return pattern.factor === undefined;
  return pattern.kind === 'sustained' || 'withinMs' in pattern;
}

/** How far the pattern looks back. */
export function spanOf(pattern: SharedPattern): number {
  return 'withinMs' in pattern ? pattern.withinMs : pattern.minutes * MINUTE_MS;
}
