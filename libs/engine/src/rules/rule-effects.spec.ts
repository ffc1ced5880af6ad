import { describe, expect, it } from '@jest/globals';
import type { Rule } from '@sundial/contract';
import { parseRule } from './parse-rule.js';
import { RuleBook } from './rule-book.js';
import { effectsOf } from './rule-effects.js';

const rule = (more: object = {}): Rule =>
  parseRule({
    id: 'a',
    resource: 'ocr',
    per: ['user', 'grade'],
    limits: [{ window: 'day', max: 10 }],
    ...more,
  });
const restart = (changed: readonly string[], windows: readonly unknown[] = ['day'], meter?: string) => ({
  kind: 'counters-restart',
  rule: 'a',
  windows,
  ...(meter !== undefined && { meter }),
  changed,
});
const need = (attribute: string, more: object = {}) => ({
  ...{ kind: 'callers-need-attribute', rule: 'a', resource: 'ocr', attribute },
  ...more,
});

describe('the effects of a changed rule', () => {
  const day = { window: 'day', max: 10 };
  const hour = { window: 'hour', max: 3 };
  const tokens = { window: 'day', meter: 'tokens', max: 20_000 };

  it.each<[string, object, readonly object[]]>([
    ['nothing', {}, []],
    ['another max', { limits: [{ window: 'day', max: 11 }] }, []],
    ['no max', { limits: [{ window: 'day', max: null }] }, []],
    ['another mode, policy and text', { mode: 'observe', degrade: 'deny', description: 'x' }, []],
    ['another order of per', { per: ['grade', 'user'] }, []],
    ['another spelling of the time zone', { timeZone: 'utc' }, []],
    ['another time zone', { timeZone: 'Asia/Tokyo' }, [restart(['timeZone'])]],
    ['another window', { limits: [{ window: 'week', max: 10 }] }, [restart(['window'], ['week'])]],
    ['one window more', { limits: [hour, day] }, [restart(['window'], ['hour'])]],
    [
      'another way to write its window',
      { limits: [{ window: { unit: 'day', startsAt: '00:00' }, max: 10 }] },
      [],
    ],
    ['units, by their name', { limits: [{ ...day, meter: 'units' }] }, []],
    [
      'another start of its days',
      { limits: [{ window: { unit: 'day', startsAt: '04:00' }, max: 10 }] },
      [restart(['window'], [{ unit: 'day', startsAt: '04:00' }])],
    ],
    ['another meter beside it', { limits: [day, tokens] }, [restart(['meter'], ['day'], 'tokens')]],
    ['another meter instead of it', { limits: [tokens] }, [restart(['meter'], ['day'], 'tokens')]],
    [
      'another meter and another window',
      { limits: [day, hour, tokens] },
      [restart(['window'], ['hour']), restart(['meter'], ['day'], 'tokens')],
    ],
    [
      'another time zone, and a meter more',
      { timeZone: 'Asia/Tokyo', limits: [day, tokens] },
      [restart(['timeZone']), restart(['timeZone', 'meter'], ['day'], 'tokens')],
    ],
    ['an attribute less', { per: ['user'] }, [restart(['per'])]],
    ['an attribute more', { per: ['user', 'grade', 'city'] }, [restart(['per']), need('city')]],
    ['other attributes', { per: ['city', 'user'] }, [restart(['per']), need('city')]],
    [
      'another resource',
      { resource: 'asr' },
      [restart(['resource']), need('user', { resource: 'asr' }), need('grade', { resource: 'asr' })],
    ],
    [
      'all at once, while it is off',
      { mode: 'off', per: ['city'], timeZone: 'Asia/Tokyo', limits: [day, hour] },
      [restart(['per', 'timeZone', 'window'], ['day', 'hour'])],
    ],
  ])('of %s', async (_what, change, effects) => {
    expect(await effectsOf(new RuleBook(1, [rule()]), [rule(change)])).toEqual(effects);
  });

  it('are of one meter each where a rule counts several already', async () => {
    const counted = rule({ limits: [day, tokens] });
    const changed = rule({ limits: [day, { ...tokens, window: 'week' }] });
    expect(await effectsOf(new RuleBook(1, [counted]), [changed])).toEqual([
      restart(['window'], ['week'], 'tokens'),
    ]);
    expect(await effectsOf(new RuleBook(1, [counted]), [rule({ limits: [tokens] })])).toEqual([]);
  });

  it('name what callers must send once, by the first rule that counts by it, and not what they send already', async () => {
    const book = new RuleBook(1, [
      rule({ id: 'known', per: ['user'] }),
      rule({ id: 'off', mode: 'off', per: ['city'] }),
    ]);
    const set = [
      rule({ id: 'c', per: ['city', 'user'] }),
      rule({ id: 'b', per: ['city'] }),
      rule({ id: 'd', per: [] }),
    ];
    expect(await effectsOf(book, set)).toEqual([need('city', { rule: 'b' })]);
    expect(await effectsOf(book, [rule({ id: 'off', per: ['city'] })])).toEqual([
      need('city', { rule: 'off' }),
    ]);
  });

  // Callers of a resource that no rule names are allowed, whatever their subjects are.
  it('name all that callers must send of a resource that no rule counted', async () => {
    expect(await effectsOf(RuleBook.EMPTY, [rule()])).toEqual([need('user'), need('grade')]);
    expect(await effectsOf(RuleBook.EMPTY, [rule({ per: [] })])).toEqual([]);
  });
});
