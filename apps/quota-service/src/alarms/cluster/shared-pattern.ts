import type { AlarmPattern } from '../patterns/alarm-pattern.js';

const MINUTE_MS = 60_000;

type Lasting = AlarmPattern & { readonly withinMs: number };

/** Patterns that are met by what all nodes see together. The others are about a node itself. */
export type SharedPattern = Lasting | Extract<AlarmPattern, { readonly kind: 'sustained' }>;

export function isShared(pattern: AlarmPattern): pattern is SharedPattern {
  return pattern.kind === 'sustained' || 'withinMs' in pattern;
}

/** How far the pattern looks back. */
export function spanOf(pattern: SharedPattern): number {
  return 'withinMs' in pattern ? pattern.withinMs : pattern.minutes * MINUTE_MS;
}
