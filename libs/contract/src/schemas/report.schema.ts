import { MAX_REPORTS } from '../bounds.js';
import { REPORT_OUTCOMES } from '../report.js';
import { checkRequestSchema } from './request.schema.js';

const { resource, subject, amount, amounts, operationId } = checkRequestSchema.properties;

export const reportSchema = {
  title: 'Report',
  type: 'object',
  description: 'An operation that a client decided because no service answered it.',
  properties: {
    operationId: { ...operationId, description: 'The id that it was decided under: it counts once.' },
    resource,
    subject,
    amount: { ...amount, description: 'Of the meter `units`; of a reservation what was committed.' },
    amounts,
    decidedAt: {
      type: 'string',
      maxLength: 64,
      description:
        'ISO-8601 with offset, by the clock of the client. It counts in the windows of this instant.',
      examples: ['2026-11-18T14:28:57.120+08:00'],
    },
    allowed: { type: 'boolean', description: 'What the caller was answered.' },
    policy: { title: 'FallbackPolicy', type: 'string', enum: ['allow', 'deny'] },
    attempted: {
      type: 'boolean',
      description: 'Whether a request may have reached a service, which then may have counted it.',
    },
  },
  required: ['operationId', 'resource', 'subject', 'decidedAt', 'allowed', 'policy', 'attempted'],
  additionalProperties: false,
} as const;

/** `POST /reports`. The engine validates each report by itself, so that its errors name their place. */
export const reportsRequestSchema = {
  type: 'object',
  properties: { reports: { type: 'array', items: reportSchema, minItems: 1, maxItems: MAX_REPORTS } },
  required: ['reports'],
  additionalProperties: false,
} as const;

export const reportsAnswerSchema = {
  type: 'object',
  properties: {
    results: {
      type: 'array',
      description: 'One entry a report, in their order.',
      items: {
        title: 'ReportResult',
        type: 'object',
        properties: {
          operationId: { type: 'string' },
          outcome: {
            title: 'ReportOutcome',
            type: 'string',
            enum: REPORT_OUTCOMES,
            description:
              '`counted` now (or journaled, while the store is away), or `already-counted`; `voided`: nothing is counted, since it was refused or no rule counts it; `late`: reported too late to be sure that it is not counted already; `conflict`: its id belongs to another operation, or its subject lacks an attribute that a rule counts by.',
          },
        },
        required: ['operationId', 'outcome'],
        additionalProperties: false,
      },
    },
  },
  required: ['results'],
  additionalProperties: false,
} as const;
