import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import type { FromSchema, JSONSchema } from 'json-schema-to-ts';
import type { Decision, LimitState, Usage } from '../decision.js';
import type { Brake, BrakeInput, ControlWritten, Drill, DrillInput, Gate, GateInput } from '../controls.js';
import type { Override, OverrideInput, OverridePage, OverrideWritten } from '../override.js';
import type { Report, ReportResult } from '../report.js';
import type { CheckRequest, UsageRequest } from '../request.js';
import type {
  CommitRequest,
  CorrectedUsage,
  ExtendRequest,
  Refunded,
  RefundRequest,
  ReleaseRequest,
  ReservationAnswer,
  ReserveDecision,
  ReserveRequest,
  Returned,
  ReturnRequest,
  UsageCorrection,
} from '../reservation.js';
import type { ReceiptClaims, ReceiptVerdict, VerifyReceiptRequest } from '../receipt.js';
import type { OnDeny, Rule } from '../rule.js';
import type { RulePreview, RuleSetChanges, RuleSetWritten, RuleWritten } from '../rule-written.js';
import type { NearSubjects, ResetSubject, RuleTried, SubjectReset, SubjectUsage } from '../subjects.js';
import { batchAnswerSchema } from './batch.schema.js';
import {
  brakeInputSchema,
  brakeListSchema,
  brakeSchema,
  brakeWrittenSchema,
  drillInputSchema,
  drillListSchema,
  drillSchema,
  drillWrittenSchema,
  gateInputSchema,
  gateListSchema,
  gateSchema,
  gateWrittenSchema,
} from './controls.schema.js';
import {
  overrideInputSchema,
  overridePageSchema,
  overrideRemovedSchema,
  overrideSchema,
  overridesImportedSchema,
  overrideWrittenSchema,
} from './override.schema.js';
import { decisionSchema, onDenySchema, usageSchema } from './decision.schema.js';
import { reportSchema, reportsAnswerSchema, reportsRequestSchema } from './report.schema.js';
import {
  jwksSchema,
  receiptClaimsSchema,
  receiptVerdictSchema,
  verifyReceiptRequestSchema,
} from './receipt.schema.js';
import { batchRequestSchema, checkRequestSchema, usageRequestSchema } from './request.schema.js';
import {
  commitRequestSchema,
  correctedUsageSchema,
  extendRequestSchema,
  refundedSchema,
  refundRequestSchema,
  releaseRequestSchema,
  reservationAnswerSchema,
  reserveDecisionSchema,
  reserveRequestSchema,
  returnedSchema,
  returnRequestSchema,
  usageCorrectionSchema,
} from './reservation.schema.js';
import {
  ruleListSchema,
  rulePatchSchema,
  ruleSchema,
  ruleSetSchema,
  ruleSetWrittenSchema,
  ruleWrittenSchema,
} from './rule.schema.js';
import {
  nearSubjectsSchema,
  resetSubjectSchema,
  ruleOutlookSchema,
  rulePreviewRequestSchema,
  ruleTrialSchema,
  ruleTriedSchema,
  subjectResetSchema,
  subjectUsageSchema,
} from './subjects.schema.js';

/** What a caller may write: a field with a default may be left out. */
type Of<Schema extends JSONSchema> = FromSchema<Schema, { keepDefaultedPropertiesOptional: true }>;

/** The same type with every member readonly, and an object for each intersection: what two equal shapes have in common. */
type Shape<T> = T extends readonly (infer Item)[]
  ? readonly Shape<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Shape<T[Name]> }
    : T;
type Equal<A, B> =
  (<T>() => T extends Shape<A> ? 1 : 2) extends <T>() => T extends Shape<B> ? 1 : 2 ? true : false;

/** Compiles only where the schema and the type name the same fields with the same values. */
function same<Schema, Type>(isSame: Equal<Schema, Type>): void {
  expect(isSame).toBe(true);
}

/** A rule as it may be written. */
type RuleInput = Pick<Rule, 'id' | 'resource' | 'per' | 'limits'> & Partial<Rule>;

describe('schemas and types', () => {
  it('state the same decisions', () => {
    same<Of<typeof onDenySchema>, OnDeny>(true);
    same<Of<typeof decisionSchema>['limits'][number], LimitState>(true);
    same<Of<typeof decisionSchema>, Decision>(true);
    same<Of<typeof usageSchema>, Usage>(true);
  });

  it('state the same requests', () => {
    same<keyof Of<typeof checkRequestSchema>, keyof CheckRequest>(true);
    same<Omit<Of<typeof checkRequestSchema>, 'subject'>, Omit<CheckRequest, 'subject'>>(true);
    same<keyof Of<typeof usageRequestSchema>, keyof UsageRequest>(true);
  });

  it('state the same reservations', () => {
    type Free<T> = Omit<T, 'subject' | 'amounts'>;
    same<keyof Of<typeof reserveRequestSchema>, keyof ReserveRequest>(true);
    same<Free<Of<typeof reserveRequestSchema>>, Free<ReserveRequest>>(true);
    same<keyof Of<typeof commitRequestSchema>, keyof CommitRequest>(true);
    same<Free<Of<typeof commitRequestSchema>>, Free<CommitRequest>>(true);
    same<Of<typeof releaseRequestSchema>, ReleaseRequest>(true);
    same<keyof Of<typeof extendRequestSchema>, keyof ExtendRequest>(true);
    same<Free<Of<typeof extendRequestSchema>>, Free<ExtendRequest>>(true);
    same<Of<typeof reserveDecisionSchema>, ReserveDecision>(true);
    same<Of<typeof reservationAnswerSchema>, ReservationAnswer>(true);
  });

  it('state the same reports', () => {
    type Free<T> = Omit<T, 'subject' | 'amounts'>;
    same<keyof Of<typeof reportSchema>, keyof Report>(true);
    same<Free<Of<typeof reportSchema>>, Free<Report>>(true);
    same<Of<typeof reportsAnswerSchema>['results'][number], ReportResult>(true);
  });

  it('state the same refunds, returns and corrections', () => {
    type Free<T> = Omit<T, 'subject' | 'amounts'>;
    same<keyof Of<typeof refundRequestSchema>, keyof RefundRequest>(true);
    same<Free<Of<typeof refundRequestSchema>>, Free<RefundRequest>>(true);
    same<Of<typeof refundedSchema>, Refunded>(true);
    same<keyof Of<typeof returnRequestSchema>, keyof ReturnRequest>(true);
    same<Free<Of<typeof returnRequestSchema>>, Free<ReturnRequest>>(true);
    same<Of<typeof returnedSchema>, Returned>(true);
    same<keyof Of<typeof usageCorrectionSchema>, keyof UsageCorrection>(true);
    same<Free<Of<typeof usageCorrectionSchema>>, Free<UsageCorrection>>(true);
    same<Of<typeof correctedUsageSchema>, CorrectedUsage>(true);
  });

  it('state the same of subjects', () => {
    same<Of<typeof nearSubjectsSchema>, NearSubjects>(true);
    same<Of<typeof subjectUsageSchema>, SubjectUsage>(true);
    same<Omit<Of<typeof subjectResetSchema>, 'subject'>, Omit<SubjectReset, 'subject'>>(true);
    same<Of<typeof resetSubjectSchema>, ResetSubject>(true);
    same<Of<typeof ruleTriedSchema>, RuleTried>(true);
  });

  it('state the same gates, brakes and drills', () => {
    type Free<T> = Omit<T, 'subject'>;
    same<Of<typeof gateInputSchema>, GateInput>(true);
    same<Of<typeof gateSchema>, Gate>(true);
    same<Of<typeof gateWrittenSchema>, ControlWritten & { gate: Gate }>(true);
    same<keyof Of<typeof brakeInputSchema>, keyof BrakeInput>(true);
    same<Free<Of<typeof brakeInputSchema>>, Free<BrakeInput>>(true);
    same<Of<typeof brakeSchema>, Brake>(true);
    same<Of<typeof brakeWrittenSchema>, ControlWritten & { brake: Brake }>(true);
    same<Of<typeof drillInputSchema>, DrillInput>(true);
    same<Of<typeof drillSchema>, Drill>(true);
    same<Of<typeof drillWrittenSchema>, ControlWritten & { drill: Drill }>(true);
  });

  it('state the same overrides', () => {
    same<keyof Of<typeof overrideInputSchema>, keyof OverrideInput>(true);
    same<Omit<Of<typeof overrideInputSchema>, 'subject'>, Omit<OverrideInput, 'subject'>>(true);
    same<Of<typeof overrideSchema>, Override>(true);
    same<Of<typeof overrideWrittenSchema>, OverrideWritten>(true);
    same<Of<typeof overridePageSchema>, OverridePage>(true);
  });

  it('state the same receipts', () => {
    type Claims = Of<typeof receiptClaimsSchema>;
    type Known<Valid extends boolean> = Extract<ReceiptVerdict, { valid: Valid }>;
    same<keyof Claims, keyof ReceiptClaims>(true);
    same<Claims, ReceiptClaims>(true);
    same<Of<typeof verifyReceiptRequestSchema>, VerifyReceiptRequest>(true);
    same<
      Of<typeof receiptVerdictSchema>,
      { valid: boolean } & Partial<Pick<Known<true>, 'claims'> & Pick<Known<false>, 'code'>>
    >(true);
  });

  it('state the same rules', () => {
    same<Of<typeof ruleSchema>, RuleInput>(true);
    same<
      Of<typeof ruleWrittenSchema>,
      RulePreview & Partial<Pick<RuleWritten, 'nodes'>> & { rule: RuleInput }
    >(true);
    same<
      Of<typeof ruleSetWrittenSchema>,
      RuleSetChanges & Omit<RuleSetWritten, 'nodes'> & Partial<RuleSetWritten>
    >(true);
  });
});

describe('every schema', () => {
  it.each(
    Object.entries({
      batchAnswerSchema,
      batchRequestSchema,
      brakeInputSchema,
      brakeListSchema,
      brakeSchema,
      brakeWrittenSchema,
      checkRequestSchema,
      commitRequestSchema,
      correctedUsageSchema,
      decisionSchema,
      drillInputSchema,
      drillListSchema,
      drillSchema,
      drillWrittenSchema,
      extendRequestSchema,
      gateInputSchema,
      gateListSchema,
      gateSchema,
      gateWrittenSchema,
      jwksSchema,
      nearSubjectsSchema,
      onDenySchema,
      overrideInputSchema,
      overridePageSchema,
      overrideRemovedSchema,
      overrideSchema,
      overridesImportedSchema,
      overrideWrittenSchema,
      receiptClaimsSchema,
      receiptVerdictSchema,
      refundedSchema,
      refundRequestSchema,
      releaseRequestSchema,
      reportSchema,
      reportsAnswerSchema,
      reportsRequestSchema,
      reservationAnswerSchema,
      reserveDecisionSchema,
      reserveRequestSchema,
      returnedSchema,
      returnRequestSchema,
      ruleListSchema,
      rulePatchSchema,
      ruleSchema,
      ruleSetSchema,
      ruleSetWrittenSchema,
      ruleWrittenSchema,
      usageCorrectionSchema,
      usageRequestSchema,
      usageSchema,
      verifyReceiptRequestSchema,
      resetSubjectSchema,
      ruleOutlookSchema,
      rulePreviewRequestSchema,
      ruleTrialSchema,
      ruleTriedSchema,
      subjectResetSchema,
      subjectUsageSchema,
    }),
  )('is one that ajv compiles: %s', (_name, schema) => {
    expect(() =>
      new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } }).compile(schema),
    ).not.toThrow();
  });
});
