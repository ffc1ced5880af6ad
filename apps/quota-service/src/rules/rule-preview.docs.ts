import {
  ruleOutlookSchema,
  rulePreviewRequestSchema,
  ruleTrialSchema,
  ruleTriedSchema,
} from '@sundial/contract';
import { ALLOWED } from '../check/check.docs.js';
import type { Operation } from '../http/openapi/describe.js';
import { RULE, UNREADABLE } from './rules.docs.js';

export const PREVIEW_RULE: Operation = {
  id: 'previewRule',
  tag: 'admin',
  summary: 'What a rule would do now',
  description:
    'From what is counted under it: of at most 1,000 of its subjects, or as many as 100,000 keys of the store hold, how many would have no room or little. ' +
    'Subjects are judged by the rule, or by their own overrides, without what only their checks say, such as a tier. A rule whose counters would begin at 0 finds no subjects, and `effects` ' +
    'says so. A rule that can match nothing is refused with the reason. Writes nothing.',
  body: {
    schema: { name: 'RulePreviewRequest', schema: rulePreviewRequestSchema },
    examples: {
      change: {
        summary: 'Other limits of a rule that is in force',
        value: { id: 'ocr-per-user', change: { limits: [{ window: 'day', max: 5 }] } },
      },
      rule: { summary: 'A whole rule', value: RULE },
    },
  },
  answers: {
    200: {
      description: 'The examples are the subjects with the largest share.',
      schema: { name: 'RuleOutlook', schema: ruleOutlookSchema },
      examples: {
        outlook: {
          summary: '37 of 1,000 would have no room',
          value: {
            ...{ rule: RULE, version: 12, sampled: 1_000, isComplete: false, over: 37, near: 80 },
            examples: [{ subject: { account: 'a1' }, share: 1.4, limits: ALLOWED.limits }],
          },
        },
      },
    },
  },
  problems: ['invalid-request', 'invalid-rule', ...UNREADABLE, 'rule-not-found', 'store-unavailable'],
};

export const TRY_RULE: Operation = {
  id: 'tryRule',
  tag: 'admin',
  summary: 'What a check would be answered under a rule that is not in force yet',
  description:
    'From what is counted now, beside the other rules of its resource. Counts nothing and writes nothing; gates, brakes, packs and operation ids are not asked.',
  body: {
    schema: { name: 'RuleTrial', schema: ruleTrialSchema },
    examples: {
      draft: { summary: 'A draft', value: { rule: RULE, subject: { account: 'a1' }, amount: 1 } },
    },
  },
  answers: {
    200: {
      description: 'The limits are as they would be after it.',
      schema: { name: 'RuleTried', schema: ruleTriedSchema },
      examples: {
        allowed: {
          summary: 'It would be allowed',
          value: { allowed: true, reason: 'ok', wouldDeny: false, limits: ALLOWED.limits, rulesVersion: 12 },
        },
      },
    },
  },
  problems: ['invalid-request', 'invalid-rule', ...UNREADABLE, 'store-unavailable'],
};
