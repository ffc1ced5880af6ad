/** One check as stores know it: what counts once, however often it is tried. */
export interface Operation {
  /** Its name in every store: of its scope and its caller's id, or of the process that made the id (`OperationIds`). */
  readonly id: string;
  /** What it is, in one word: the amount to the base 36, and a keyed hash of what no rule counts by. Another one under the same id is a conflict. */
  readonly content: string;
  /** This try of the operation, unique among all nodes: a reversal touches no other try. */
  readonly attempt: string;
  /** Of an id that this process made just now (`own-ids.ts`): no store can know it, so there is nothing to look up. */
  readonly number?: number;
}
