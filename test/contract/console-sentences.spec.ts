import { describe, expect, it } from '@jest/globals';
import { FINDING_SENTENCES, INPUT_SENTENCES, said, saidFinding, saidOf } from '@sundial/contract';
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
import { findingText, inputText } from '../../apps/console/src/text/zh/said-text.js';
import { findings } from '../../apps/console/src/text/zh/findings.js';
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

type Table = Readonly<Record<string, string>>;

const TEXTS: Readonly<Record<string, Table>> = { en, zh };

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

  it.each<[string, Table, Table]>([
    ['an input', INPUT_SENTENCES, inputs],
    ['the store and the files', FINDING_SENTENCES, findings],
  ])('of %s is said in Chinese, with its values', (_what, english, chinese) => {
    expect(Object.keys(chinese)).toEqual(Object.keys(english));
    const valuesIn = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].toSorted();
    for (const [code, sentence] of Object.entries(chinese)) {
      expect(sentence).toMatch(/[\u4e00-\u9fff]/);
      expect([code, valuesIn(sentence)]).toEqual([code, valuesIn(english[code]!)]);
    }
  });

  it('is filled with the values of an error or a finding', () => {
    const fault = said('whole-number', { from: 1, to: 59 });
    expect([fault, saidOf(fault, '"x"'), saidOf(fault, null)].map(inputText)).toEqual([
      ...['须为 1 到 59 的整数', '须为 1 到 59 的整数，而这里是 "x"', '缺少：须为 1 到 59 的整数'],
    ]);
    expect(findingText(saidFinding('writes-refused', { error: 'BUSY' }))).toBe('Redis 不接受写入（BUSY）。');
  });

  it('of an input or a finding that the console does not know stays as it is', () => {
    expect([inputText, findingText].map((text) => text({ code: 'of-a-newer-node' }))).toEqual([
      undefined,
      undefined,
    ]);
    expect(inputText({})).toBeUndefined();
  });

  it('in every problem is titled in both languages', () => {
    const titles = PROBLEM_CODES.map((code) => [code, en[`problem_${code}`]]);
    expect(titles).toEqual(PROBLEM_CODES.map((code) => [code, titleOf(code)]));
    expect(PROBLEM_CODES.filter((code) => !/[\u4e00-\u9fff]/.test(zh[`problem_${code}`]))).toEqual([]);
  });
});
