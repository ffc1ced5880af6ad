/** A public key of a node, under which its receipts are verified. */
export interface PublishedKey {
  /** Its thumbprint. */
  readonly kid: string;
  /** The key as JSON. The reader checks it: other programs may write to the same store. */
  readonly jwk: string;
}

export interface ConsumedReceipt {
  /** Its `jti`: receipts of one operation have the same. */
  readonly id: string;
  /** How long it must be remembered. */
  readonly forMs: number;
}

/** What the nodes of one store know together about receipts. */
export interface ReceiptStore {
  /**
   * Publishes this node's public keys for `keepMs`, and answers those of all nodes, its own included. `now` is the store's
   * clock. @throws Error while the store is away.
   */
  exchangeKeys(
    own: readonly PublishedKey[],
    times: { readonly now: number; readonly keepMs: number },
  ): Promise<readonly PublishedKey[]>;

  /**
   * Once only over all nodes: whether it had not been consumed before. What was asked for while the store is late may have
   * been done. @throws Error while the store is away; QuotaError `overloaded` where no more can be remembered.
   */
  consume(receipt: ConsumedReceipt): Promise<boolean>;
}
