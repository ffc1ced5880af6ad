import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Rule, Subject } from '@sundial/contract';
import { counterKey } from './counter-key.js';

const rule = (over: Partial<Rule> = {}): Rule => ({
  id: 'ocr-per-user',
  resource: 'ocr',
  per: ['user'],
  timeZone: 'Asia/Shanghai',
  limits: [{ window: 'day', max: 10 }],
  mode: 'enforce',
  degrade: 'local',
  ...over,
});

/** What callers may send and would like to be mistaken for something else. */
const HOSTILE = [
  ...['{}', '}', '{', '}{', 'a}b', '{a}', ':', '=', '~', 'a:b', 'a=b', 'u1:grade=3', 'u1}:ocr-per-user'],
  ...[
    '\0',
    '\n',
    '\r\n',
    '\u001b[31m',
    ' ',
    'u1 ',
    ' u1',
    'u1\u00a0',
    '\u202eu1',
    'U1',
    'u1',
    'ü',
    'u\u0308',
  ],
  ...['\ud800', '\ud801', '\udc00', '\ud83e\udd8a', '\udd8a\ud83e', '\ufffd', '*', '?', '[a-z]', '../u1'],
  ...[
    '__proto__',
    'constructor',
    'null',
    'undefined',
    '0',
    '-0',
    '1e3',
    'nan',
    'a'.repeat(256),
    'a'.repeat(255),
  ],
  ...['a'.repeat(65), 'a'.repeat(64), '🦊'.repeat(128), '🦊'.repeat(256), '~', '~'.repeat(44)],
];

describe('counterKey', () => {
  it('is readable where values are plain', () => {
    expect(counterKey(rule(), { user: 'u1' })).toEqual({
      key: expect.stringMatching(/^sd1:\{ocr:user=u1\}:ocr-per-user~[\w-]{4}$/),
      shardGroup: 'ocr:user=u1',
    });
    const perGrade = rule({ id: 'ocr-per-grade', per: ['user', 'grade'] });
    expect(counterKey(perGrade, { user: 'u1', grade: '3' }).key).toMatch(
      /^sd1:\{ocr:user=u1\}:ocr-per-grade~[\w-]{4}:grade=3$/,
    );
    expect(counterKey(rule({ per: [] }), { user: 'u1' }).key).toMatch(/^sd1:\{ocr\}:ocr-per-user~[\w-]{4}$/);
  });

  it('starts over in another zone, and when it counts per something else', () => {
    const subject = { user: 'u1', grade: '3' };
    const rules = [
      rule(),
      rule({ timeZone: 'Asia/Tokyo' }),
      rule({ per: [] }),
      rule({ per: ['grade'] }),
      rule({ per: ['user', 'grade'] }),
      rule({ per: ['grade', 'user'] }),
      rule({ id: 'other' }),
    ];
    expect(new Set(rules.map((each) => counterKey(each, subject).key)).size).toBe(rules.length);
  });

  it('ignores what the rule does not count by, and how many counted at most', () => {
    const key = counterKey(rule(), { user: 'u1' });
    expect(counterKey(rule(), { user: 'u1', grade: '3' })).toEqual(key);
    expect(
      counterKey(rule({ limits: [{ window: 'day', max: 99 }], mode: 'observe' }), { user: 'u1' }),
    ).toEqual(key);
  });

  it('lets no hostile value meet another subject, leave its slot, or grow', () => {
    const perGrade = rule({ per: ['user', 'grade'] });
    const values = [...new Set(HOSTILE)];
    const subjects = values.flatMap((user) => values.map((grade) => ({ user, grade })));
    const keys = subjects.map((subject) => counterKey(perGrade, subject));
    expect(new Set(keys.map(({ key }) => key)).size).toBe(subjects.length);
    const odd = keys.filter(
      ({ key, shardGroup }) =>
        !/^sd1:\{ocr:user=[\w.@+~-]+\}:ocr-per-user~[\w-]{4}:grade=[\w.@+~-]+$/.test(key) ||
        !key.startsWith(`sd1:{${shardGroup}}:`) ||
        key.length > 200,
    );
    expect(odd).toEqual([]);
  });

  it('lets no value be equal to what stands in a key for a value that is not plain', () => {
    for (const user of HOSTILE) {
      const { shardGroup } = counterKey(rule(), { user });
      const standIn = shardGroup.slice('ocr:user='.length);
      if (standIn !== user) expect(counterKey(rule(), { user: standIn }).shardGroup).not.toBe(shardGroup);
    }
  });

  const anyValue = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 6 })
      .map((units) => String.fromCharCode(...units)),
    fc.string({ unit: fc.constantFrom('a', ':', '=', '{', '}', '~', '|'), minLength: 1, maxLength: 5 }),
  );
  const anyPer = fc.constantFrom(
    ['user'],
    ['user', 'grade'],
    ['grade', 'user'],
    ['user', 'grade', 'city'],
    [],
  );
  const anyId = fc.constantFrom('ocr', 'ocr:user', 'a', 'op', 'a:user', 'ocr.x', 'op:');
  interface Counted extends Pick<Rule, 'resource' | 'id' | 'per' | 'timeZone'> {
    readonly subject: Subject;
  }
  const anyCounted: fc.Arbitrary<Counted> = fc.record({
    resource: anyId,
    id: anyId,
    per: anyPer,
    timeZone: fc.constantFrom('UTC', 'Asia/Shanghai'),
    subject: fc.record({ user: anyValue, grade: anyValue, city: anyValue }),
  });

  const whatIsCounted = ({ resource, id, per, timeZone, subject }: Counted) =>
    JSON.stringify([resource, id, per, timeZone, per.map((name) => subject[name])]);

  it('is the same for two rules and subjects only where the same is counted', () => {
    fc.assert(
      fc.property(anyCounted, anyCounted, (a, b) => {
        const [key, other] = [a, b].map(({ subject, ...over }) => counterKey(rule(over), subject).key);
        expect(key === other).toBe(whatIsCounted(a) === whatIsCounted(b));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps rules that share their first attribute in one shard group, and no others', () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (user, other, grade) => {
        const perUser = counterKey(rule(), { user }).shardGroup;
        expect(counterKey(rule({ id: 'x', per: ['user', 'grade'] }), { user, grade }).shardGroup).toBe(
          perUser,
        );
        if (user !== other) expect(counterKey(rule(), { user: other }).shardGroup).not.toBe(perUser);
        expect(counterKey(rule({ resource: 'asr' }), { user }).shardGroup).not.toBe(perUser);
      }),
    );
  });
});
