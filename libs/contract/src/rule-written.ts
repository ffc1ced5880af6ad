import type { WindowSpec, WindowUnit } from './rule.js';

/** What a write of rules has done, when the live nodes have applied it. */
export interface RuleWritten extends Effects {
  /** Of the book with the change; also the revision of the rule it made. */
  readonly version: number;
  readonly nodes: { readonly live: number; readonly applied: number };
}

/** What a change of rules would do. Nothing was written. */
export interface RulePreview extends Effects {
  /** Of the rules that the change was compared with. */
  readonly version: number;
}

/** Ids in order. */
export interface RuleSetChanges extends Effects {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export type RuleSetWritten = RuleWritten & RuleSetChanges;

export interface Effects {
  /** What the change does to counters and callers beyond its own text; absent where it does nothing of the kind. */
  readonly effects?: readonly RuleEffect[];
}

/** Parts of a rule that name its counters. */
export const COUNTER_PARTS = ['resource', 'per', 'timeZone', 'window', 'meter'] as const;
export type CounterPart = (typeof COUNTER_PARTS)[number];

/**
 * `counters-restart`: under this rule the limits of `meter` (absent: of units) in `windows` begin at 0, because `changed` names
 * other counters. What was counted until now is not looked at any more. A rule has one such effect for each meter.
 *
 * `callers-need-attribute`: a check or a look at the usage of `resource` whose subject lacks `attribute` was valid, and
 * is refused from now on (`invalid-request`). `rule` is the first that counts by it.
 */
export type RuleEffect =
  | {
      readonly kind: 'counters-restart';
      readonly rule: string;
      readonly windows: readonly (WindowUnit | WindowSpec)[];
      readonly meter?: string;
      readonly changed: readonly CounterPart[];
    }
  | {
      readonly kind: 'callers-need-attribute';
      readonly rule: string;
      readonly resource: string;
      readonly attribute: string;
    };
