import type { Rule } from '@sundial/contract';

/** A rule for tests: a day of 10 and an hour of 3 per user, unless the test changes fields. */
export function aRule(rule: Partial<Rule> = {}): Rule {
  return {
    id: 'ocr-per-user',
    resource: 'ocr',
    per: ['user'],
    timeZone: 'Asia/Shanghai',
    limits: [
      { window: 'day', max: 10 },
      { window: 'hour', max: 3 },
    ],
    mode: 'enforce',
    degrade: 'local',
    ...rule,
  };
}
