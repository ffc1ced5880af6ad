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
