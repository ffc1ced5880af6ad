import {
  batchRequestSchema,
  batchAnswerSchema,
  checkRequestSchema,
  decisionSchema,
  ruleListSchema,
  rulePatchSchema,
  ruleSchema,
  ruleSetSchema,
  ruleSetWrittenSchema,
  ruleWrittenSchema,
  usageSchema,
} from '@sundial/contract';
import { alarmListSchema } from '../alarms/alarm.schema.js';
import { livenessSchema, readinessSchema } from '../health/health.schema.js';
import { journalSchema } from '../journal/journal.schema.js';
import { problemSchema } from '../problems/problem.schema.js';

/** Every body of the contract, as JSON Schema under the name the OpenAPI document gives it. */
export const schemas = {
  Check: checkRequestSchema,
  Decision: decisionSchema,
  Batch: batchRequestSchema,
  BatchAnswer: batchAnswerSchema,
  Usage: usageSchema,
  Rule: ruleSchema,
  RulePatch: rulePatchSchema,
  RuleList: ruleListSchema,
  RuleWritten: ruleWrittenSchema,
  RuleSet: ruleSetSchema,
  RuleSetWritten: ruleSetWrittenSchema,
  AlarmList: alarmListSchema,
  Journal: journalSchema,
  Liveness: livenessSchema,
  Readiness: readinessSchema,
  Problem: problemSchema,
} as const;

export type SchemaName = keyof typeof schemas;
