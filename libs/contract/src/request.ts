/**
 * Who is counted: attribute name → value. Values are strings of 1–256 characters; at most 8 attributes, and none where no
 * rule counts by any.
 */
export type Subject = Readonly<Record<string, string>>;

export interface CheckRequest {
  /** What is limited, e.g. `ocr`. `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`. */
  readonly resource: string;
  readonly subject: Subject;
  /** Units this operation takes: an integer from 0 (only look) to 2^53−1. Default 1. */
  readonly amount?: number;
  /**
   * The caller's name for this operation, 1–128 printable ASCII characters. Repeating an allowed
   * operation under the same id repeats the answer and counts once; it is known within its resource and the values of
   * the attributes that its rules count by. Made by the node when absent.
   */
  readonly operationId?: string;
}

export interface UsageRequest {
  readonly resource: string;
  readonly subject: Subject;
}
