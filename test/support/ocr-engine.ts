import { expect } from '@jest/globals';
import { LiveRules, MemoryStore, type QuotaEngine, RuleBook } from '@sundial/engine';
import { aRule } from '../contract/rules.js';
import { engineOn } from './engine-on.js';

export const OCR_ON_DENY = {
  code: 'OCR_LIMIT',
  message: 'No more pages today',
  action: 'recharge-vip',
  params: { days: 1 },
};

/** A real engine that allows each user one `ocr` a day. */
export async function openOcrEngine(): Promise<QuotaEngine> {
  const rule = aRule({
    id: 'ocr-per-user',
    resource: 'ocr',
    per: ['user'],
    limits: [{ window: 'day', max: 1 }],
    onDeny: OCR_ON_DENY,
  });
  return engineOn({ store: await MemoryStore.open(), rules: new LiveRules(new RuleBook(1, [rule])) });
}

/** What a second page of the day is answered outside HTTP, on every transport. */
export const OCR_REFUSAL = {
  type: 'urn:sundial:problem:risk-limit-exceeded',
  title: 'The limit is reached',
  status: 429,
  detail: OCR_ON_DENY.message,
  message: OCR_ON_DENY.message,
  code: 'risk-limit-exceeded',
  resource: 'ocr',
  reason: 'limit-reached',
  retryAfterMs: expect.any(Number),
  onDeny: OCR_ON_DENY,
  limits: [expect.objectContaining({ rule: 'ocr-per-user', window: 'day', max: 1, used: 1, exceeded: true })],
};
