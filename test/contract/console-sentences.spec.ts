import { describe, expect, it } from '@jest/globals';
import { INPUT_SENTENCES, type InputErrorCode, said, saidOf } from '@sundial/contract';
import { FINDING_SEVERITY } from '@sundial/redis';
import { raisedAlarm } from '../../apps/quota-service/src/alarms/alarm.js';
import type {
  AlarmPattern,
  PatternKind,
} from '../../apps/quota-service/src/alarms/patterns/alarm-pattern.js';
import { readinessSchema } from '../../apps/quota-service/src/health/health.schema.js';
import { PROBLEM_CODES, titleOf } from '../../apps/quota-service/src/http/problems/problem.js';
import { alarmText, type SayingAlarm } from '../../apps/console/src/live/alarm-text.js';
import { en } from '../../apps/console/src/text/en.js';
import { zh } from '../../apps/console/src/text/zh.js';
import { inputText } from '../../apps/console/src/text/zh/input-text.js';
import { inputs } from '../../apps/console/src/text/zh/inputs.js';

type Terms<Kind extends PatternKind> = Omit<
  Extract<AlarmPattern, { kind: Kind }>,
  'id' | 'kind' | 'class' | 'clearAfterMs'
>;

/** Some terms of every kind, and of those that say different things all. */
const TERMS: { readonly [Kind in PatternKind]: readonly Terms<Kind>[] } = {
  consecutive: [{ failures: 12, withinMs: 60_000 }],
  sustained: [{ failures: 5, minutes: 3, channels: 2 }],
  spread: [{ failures: 7, withinMs: 1_500, channels: 4 }],
  'error-rate': [{ rate: 0.125, outcomes: 100, withinMs: 60_000 }],
  'refusal-rate': [{ rate: 0.29, decisions: 100, withinMs: 60_000 }],
  volume: [
    { decisions: 900, withinMs: 3_600_000 },
    { decisions: 900, withinMs: 3_600_000, factor: 2.5 },
  ],
  'holds-expired': [{ holds: 8, withinMs: 60_000 }],
  'refused-keys': [{ refusals: 9, withinMs: 60_000 }],
  'ledger-mismatch': [{}],
  'degraded-mode': [{}],
  'over-admission': [{}],
  'journal-overflow': [{}],
  'clock-offset': [{ offsetMs: 250 }],
  'unfit-store': [{}],
  'full-store': [{}],
  'unwritable-file': [{}],
  'control-in-force': [{ control: 'gate' }, { control: 'brake' }, { control: 'drill' }],
  'wrong-type-key': [{}],
  'uncertain-interval': [{}],
};
const BASE = { id: 'a-pattern', class: 'alarm', clearAfterMs: 30_000 } as const;
const CHANNELS = [null, { resource: 'ocr', dependency: 'redis' }];

const TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = { en, zh };

function saidIn(language: 'en' | 'zh', alarm: SayingAlarm): string | undefined {
  return alarmText(alarm, (key, values) =>
    TEXTS[language]![key]?.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name])),
  );
}

const ALARMS = Object.entries(TERMS).flatMap(([kind, all]) =>
  all.flatMap((terms) =>
    CHANNELS.map((channel) => {
      const pattern = { ...BASE, kind, ...terms } as AlarmPattern;
      return raisedAlarm({ pattern, channel, evidence: {} }, 'an-id', new Date(0)) as SayingAlarm;
    }),
  ),
);

describe('what the service says', () => {
  it.each(ALARMS)('of an alarm is said in both languages, with its numbers: $summary', (alarm) => {
    expect(saidIn('en', alarm)).toBe(alarm.summary);
    const chinese = saidIn('zh', alarm)!;
    expect(chinese).toMatch(/[\u4e00-\u9fff]/);
    const numbers = (text: string) => text.match(/\d+(\.\d+)?/g)?.toSorted() ?? [];
    expect(numbers(chinese)).toEqual(numbers(alarm.summary));
  });

  it('of an alarm that the console does not know stays as it is', () => {
    expect(saidIn('zh', { ...ALARMS[0]!, kind: 'of-a-newer-node' as never })).toBeUndefined();
  });

  it('of Redis, the files and the ledger is said in both languages', () => {
    const codes = readinessSchema.properties.conditions.items.properties.condition.enum;
    expect(codes).toEqual(expect.arrayContaining(Object.keys(FINDING_SEVERITY)));
    expect(codes.filter((code) => !(`finding_${code}` in en && `finding_${code}` in zh))).toEqual([]);
  });

  it('of an input is said in Chinese, with its values', () => {
    expect(Object.keys(inputs)).toEqual(Object.keys(INPUT_SENTENCES));
    const valuesIn = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].toSorted();
    for (const [code, sentence] of Object.entries(inputs)) {
      expect(sentence).toMatch(/[\u4e00-\u9fff]/);
      const english = INPUT_SENTENCES[code as InputErrorCode];
      expect([code, valuesIn(sentence)]).toEqual([code, valuesIn(english)]);
    }
    const fault = said('whole-number', { from: 1, to: 59 });
    expect([fault, saidOf(fault, '"x"'), saidOf(fault, null)].map(inputText)).toEqual([
      ...['须为 1 到 59 的整数', '须为 1 到 59 的整数，而这里是 "x"', '缺少：须为 1 到 59 的整数'],
    ]);
  });

  it('of an input that the console does not know stays as it is', () => {
    expect(inputText({ message: 'is wrong', code: 'of-a-newer-node' })).toBeUndefined();
    expect(inputText({ message: 'is wrong' })).toBeUndefined();
  });

  it('in every problem is titled in both languages', () => {
    const titles = PROBLEM_CODES.map((code) => [code, en[`problem_${code}`]]);
    expect(titles).toEqual(PROBLEM_CODES.map((code) => [code, titleOf(code)]));
    expect(PROBLEM_CODES.filter((code) => !/[\u4e00-\u9fff]/.test(zh[`problem_${code}`]))).toEqual([]);
  });
});
