/**
 * Who is counted: attribute name → value. Values are strings of 1–256 characters; at most 8 attributes, and none where no
 * rule counts by any.
 */
export type Subject = Readonly<Record<string, string>>;

export interface CheckRequest {
  /** What is limited, e.g. `ocr`. `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`. */
  readonly resource: string;
  readonly subject: Subject;
  /** Of the meter `units`, what this operation takes: an integer from 0 (only look) to 2^53−1. Default 1, also beside `amounts`. */
  readonly amount?: number;
  /**
   * What it takes of other meters: an integer from 0 to 2^53−1 each, of 8 meters at most. Of a meter that is not named it takes
   * 0, and a limit of which 0 is taken never refuses. All are counted, or none.
   */
  readonly amounts?: Readonly<Record<string, number>>;
  /**
   * The caller's name for this operation, 1–128 printable ASCII characters. Repeating an allowed
   * operation under the same id repeats the answer and counts once; it is known within its resource and the values of
   * the attributes that its rules count by. Made by the node when absent.
   */
  readonly operationId?: string;
  /**
   * Whether an allowed decision is to carry a receipt. No part of the operation's content: an operation that was asked without
   * one may be repeated with it. The subject may have 1,536 bytes as JSON then.
   */
  readonly receipt?: boolean;
}

export interface UsageRequest {
  readonly resource: string;
  readonly subject: Subject;
}
