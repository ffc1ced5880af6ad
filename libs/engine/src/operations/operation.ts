/** One check as stores know it: what counts once, however often it is tried. */
export interface Operation {
  /** Its key in every store: scope and caller's id, or process and number of an id that a node made (`OperationIds`). */
  readonly id: string;
  /**
   * Its content in one word: what it takes of each meter, and a keyed hash of the attributes that no rule counts by
   * (`operation-content.ts`). Other content under the same id is a conflict.
   */
  readonly content: string;
  /** This attempt at the operation, unique among all nodes: a reversal touches no other attempt. */
  readonly attempt: string;
  /** Of an id that this process made just now (`own-ids.ts`): no store can know it, so there is nothing to look up. */
  readonly number?: number;
}
