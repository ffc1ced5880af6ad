import { describe, expect, it } from '@jest/globals';
import type { LedgerData, LedgerLimit, RecordedEvent } from '@sundial/ledger';
import { recordedUse } from './recorded-use.js';

const START = Date.UTC(2026, 10, 27);
const NOW = START + 3_600_000;
const LIMIT: LedgerLimit = {
  ...{ rule: 'r1', window: 'day', meter: 'units', used: 0, max: 10 },
  ...{ startsAt: START, resetsAt: START + 86_400_000 },
};
const WINDOW = { limit: LIMIT, per: ['user'], scope: ['user'] };

let id = 0;
const event = (kind: RecordedEvent['kind'], operationId: string, more: Partial<RecordedEvent> = {}) => ({
  ...{
    id: String((id += 1)),
    at: START + 1_000 * id,
    node: 'a',
    count: 1,
    resource: 'ocr',
    subject: { user: 'u1' },
  },
  ...{ kind, outcome: 'allowed', operationId, ...more },
});
const taken = (units: number, data: LedgerData = {}): Partial<RecordedEvent> => ({
  data: { reason: 'ok', amounts: { units }, limits: [LIMIT], ...data },
});
const check = (operationId: string, data?: LedgerData) => event('check', operationId, taken(2, data));
const hold = (operationId: string, data: LedgerData = {}) =>
  event('reserve', operationId, taken(3, { expiresAt: NOW + 60_000, onExpiry: 'release', ...data }));
const ended = (
  kind: 'commit' | 'release' | 'refund' | 'extend',
  operationId: string,
  units = 1,
  data: LedgerData = {},
) => event(kind, operationId, { data: { amounts: { units }, ...data } });
const used = (...events: readonly RecordedEvent[]) => recordedUse(events, WINDOW, NOW)?.used;

const EXPIRED = { expiresAt: NOW - 60_000 };
const COMMITS = { ...EXPIRED, onExpiry: 'commit' };
const OTHER_DAY = [{ ...LIMIT, startsAt: START - 86_400_000, resetsAt: START }];

describe('what events say that a window has used', () => {
  it.each<readonly [string, number, readonly RecordedEvent[]]>([
    ['nothing of nothing', 0, []],
    ['all checks, and names the latest', 4, [check('a'), check('b')]],
    ['a check once, however often it is repeated', 2, [check('a'), check('a', { replayed: true })]],
    ['no refusal', 2, [check('a'), { ...check('b'), outcome: 'denied' }]],
    ['no check that was refunded', 2, [check('a'), ended('refund', 'a', 2), check('b')]],
    ['nothing that another window has', 2, [check('a'), check('b', { limits: OTHER_DAY })]],
    ['nothing of a hold that is held', 0, [hold('a')]],
    ['what was committed of a hold', 7, [hold('a'), ended('commit', 'a', 7)]],
    ['it also where the commit was written first', 7, [ended('commit', 'a', 7), hold('a')]],
    ['nothing of a hold that was released', 0, [hold('a', COMMITS), ended('release', 'a')]],
    ['nothing of a hold that expired', 0, [hold('a', EXPIRED)]],
    ['a hold that expiry committed', 3, [hold('a', COMMITS)]],
    ['what was committed too late', 1, [hold('a', COMMITS), ended('commit', 'a', 1, { late: true })]],
    [
      'no hold that was extended',
      0,
      [hold('a', COMMITS), ended('extend', 'a', 3, { asked: {}, expiresAt: NOW + 9_000 })],
    ],
    [
      'nothing of a hold whose commit was refunded',
      0,
      [hold('a'), ended('commit', 'a'), ended('refund', 'a')],
    ],
    ['what a gate passed without rules as nothing', 0, [check('a', { reason: 'no-rule', limits: [] })]],
  ])('adds %s', (_, sum, events) => expect(used(...events)).toBe(sum));

  it.each<readonly [string, readonly RecordedEvent[]]>([
    ['a decision without the store', [check('a', { degraded: { cause: 'timeout', policy: 'allow' } })]],
    ['units of a pack', [check('a', { packs: [{ id: 'p', meter: 'units', taken: 1 }] })]],
    [
      'a report',
      [event('report', 'a', { outcome: 'counted', data: { decidedAt: NOW, amounts: { units: 1 } } })],
    ],
    ['an amount that was raised', [hold('a'), ended('extend', 'a', 5, { asked: { amount: 5 } })]],
    ['an id that was used twice', [check('a'), check('a')]],
    ['an event without its data', [check('a'), event('check', 'b', { data: { tooLarge: 70_000 } })]],
    ['a hold that expires now', [hold('a', { ...COMMITS, expiresAt: NOW })]],
    ['two endings', [hold('a'), ended('commit', 'a'), ended('release', 'a')]],
    [
      'a rule that counted by more',
      [check('a'), check('b', { limits: [{ ...LIMIT, per: ['user', 'grade'] }] })],
    ],
    [
      'a window that was written otherwise',
      [check('a'), check('b', { limits: [{ ...LIMIT, window: '{"unit":"day"}' }] })],
    ],
    ['a limit that was gone for a while', [check('a'), { ...check('b', { limits: [] }), at: NOW }]],
  ])('does not say it of %s', (_, events) => expect(used(...events)).toBeUndefined());

  it('keeps operations of one id apart that are of different subjects', () => {
    const [one, other] = [check('a'), { ...check('a'), subject: { user: 'u1', grade: '3' } }];
    expect(recordedUse([one, other], { ...WINDOW, scope: ['user', 'grade'] }, NOW)).toBeUndefined();
    const limits = [{ ...LIMIT, per: ['user'] }];
    const graded = (grade: string) => ({ ...check('a', { limits }), subject: { user: 'u1', grade } });
    expect(recordedUse([graded('3'), graded('4')], { ...WINDOW, scope: ['user', 'grade'] }, NOW)?.used).toBe(
      4,
    );
  });

  it('names the latest operation', () => {
    const [first, second] = [check('a'), check('b')];
    expect(recordedUse([second, first], WINDOW, NOW)).toEqual({ used: 4, operationId: 'b' });
  });
});
