/** What all nodes of a Redis share beside counters. One hash tag: a script may touch any of them, also on a Cluster. */
export interface RuleKeys {
  /** The rules in force, one field a rule. */
  readonly book: string;
  /** What changed in them last. */
  readonly log: string;
  /** The nodes, one field a node. */
  readonly nodes: string;
  /** What one of them says of itself. */
  nodeRecord(id: string): string;
  /** The public keys of their receipts, one field a key. */
  readonly receiptKeys: string;
  /** A whole set of rules on its way into `book`. */
  staged(id: string): string;
  /** Gates, brakes and drills, one field each; and the nodes that follow them, one field a node. */
  readonly controls: string;
  readonly controlNodes: string;
  /** Where changes of rules and controls are announced. */
  readonly channel: string;
}

export function ruleKeys(keyPrefix: string): RuleKeys {
  const prefix = `${keyPrefix}:{rules}`;
  return {
    book: `${prefix}:book`,
    log: `${prefix}:log`,
    nodes: `${prefix}:nodes`,
    nodeRecord: (id) => `${prefix}:node:${id}`,
    receiptKeys: `${prefix}:receipt-keys`,
    staged: (id) => `${prefix}:staged:${id}`,
    controls: `${prefix}:controls`,
    controlNodes: `${prefix}:control-nodes`,
    channel: `${prefix}:changed`,
  };
}
