/** What the processor needs of a job: BullMQ's `Job` has all of it. */
interface Recognition {
  readonly account: string;
  readonly imageUrl: string;
}

export interface RecognitionJob {
  readonly id?: string | undefined;
  readonly data: Recognition;
  /** BullMQ: puts the job back until then. `token` is the worker's lock on it. */
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
}

/** Says to BullMQ that the job was moved, and has neither failed nor completed: it knows this error by its name. */
export class DelayedError extends Error {
  override readonly name = 'DelayedError';
}

/** Says to BullMQ that trying again can't help. */
export class UnrecoverableError extends Error {
  override readonly name = 'UnrecoverableError';
}
