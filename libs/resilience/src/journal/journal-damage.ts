/** A file of which some could not be read, as a crash or a disk leaves it: what it said is lost. */
export interface JournalDamage {
  readonly bytes: number;
  /** The file as it was found; the next damage to it takes its place. */
  readonly keptAs: string;
  /** Decisions that it held, and may have lost, were made between these, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}
