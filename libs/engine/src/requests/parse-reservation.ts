import {
  type CommitRequest,
  commitRequestSchema,
  type CorrectedLimit,
  type ExtendRequest,
  extendRequestSchema,
  type InputError,
  QuotaError,
  type RefundRequest,
  refundRequestSchema,
  type ReleaseRequest,
  releaseRequestSchema,
  type ReserveRequest,
  reserveRequestSchema,
  type ReturnRequest,
  returnRequestSchema,
  said,
  type Subject,
  type SubjectReset,
  subjectResetSchema,
  type UsageCorrection,
  usageCorrectionSchema,
} from '@sundial/contract';
import { fieldOf } from '../counters/limit-field.js';
import { validator } from './parse-request.js';
import { aboutWindows } from './window-errors.js';

const errorsIn = {
  reserve: validator(reserveRequestSchema),
  commit: validator(commitRequestSchema),
  release: validator(releaseRequestSchema),
  extend: validator(extendRequestSchema),
  refund: validator(refundRequestSchema),
  return: validator(returnRequestSchema),
  correction: validator(usageCorrectionSchema),
  reset: validator(subjectResetSchema),
};

/** @throws QuotaError `invalid-request`, every error listed; as all functions here. */
export function assertReserveRequest(input: unknown): asserts input is ReserveRequest {
  assertNone(errorsIn.reserve(input));
}

export function assertCommitRequest(input: unknown): asserts input is CommitRequest {
  assertNone(errorsIn.commit(input));
}

export function assertReleaseRequest(input: unknown): asserts input is ReleaseRequest {
  assertNone(errorsIn.release(input));
}

export function assertExtendRequest(input: unknown): asserts input is ExtendRequest {
  assertNone(errorsIn.extend(input));
}

export function assertRefundRequest(input: unknown): asserts input is RefundRequest {
  assertNone(errorsIn.refund(input));
}

export function assertReturnRequest(input: unknown): asserts input is ReturnRequest {
  assertNone(errorsIn.return(input));
}

export function assertUsageCorrection(input: unknown): asserts input is UsageCorrection {
  const errors = aboutWindows(errorsIn.correction(input));
  assertNone(errors.length > 0 ? errors : namedTwice((input as UsageCorrection).limits));
}

export function assertSubjectReset(input: unknown): asserts input is SubjectReset {
  assertNone(errorsIn.reset(input));
}

/** @throws QuotaError `invalid-request` */
export function assertSubject(subject: unknown): asserts subject is Subject {
  assertNone(errorsIn.reset({ subject }));
}

function assertNone(errors: readonly InputError[]): void {
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
}

function namedTwice(limits: readonly CorrectedLimit[]): readonly InputError[] {
  const seen = new Set<string>();
  return limits.flatMap((limit, index) => {
    const field = fieldOf(limit);
    if (seen.has(field)) return { path: `limits.${index}`, ...said('limit-named-before') };
    seen.add(field);
    return [];
  });
}
