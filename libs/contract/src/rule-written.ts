/** What a write of rules has done, when the live nodes have applied it. */
export interface RuleWritten {
  /** Of the book with the change; also the revision of the rule it made. */
  readonly version: number;
  readonly nodes: { readonly live: number; readonly applied: number };
}

/** Ids in order. */
export interface RuleSetChanges {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export type RuleSetWritten = RuleWritten & RuleSetChanges;
