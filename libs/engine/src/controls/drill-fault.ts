import { QuotaError } from '@sundial/contract';

/**
 * What becomes of a call that a drill makes fail. `dropped`: its connection ends without an answer. `answered`: 500. `unanswered`:
 * nothing, for as long as its caller waits.
 */
export type DrillEffect = 'dropped' | 'answered' | 'unanswered';

/** A call met a drill. It was not decided, and nothing was counted. */
export class DrillFault extends QuotaError {
  constructor(
    resource: string,
    readonly effect: DrillEffect,
  ) {
    super(
      'drill-fault',
      `A drill makes ${resource} fail: this call was not decided, and nothing was counted.`,
    );
  }
}
