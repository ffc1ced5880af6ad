import { describe, expect, it } from '@jest/globals';
import type { OverrideInput, Rule } from '@sundial/contract';
import { LiveRules } from '../rules/live-rules.js';
import { RuleBook } from '../rules/rule-book.js';
import { MemoryOverrides } from '../stores/memory/overrides/memory-overrides.js';
import type { OverrideKeeper } from '../stores/overrides.js';
import { StoreError } from '../stores/store.js';
import { EngineOverrides } from './engine-overrides.js';

const RULE: Rule = {
  id: 'ocr',
  resource: 'ocr',
  per: ['user'],
  timeZone: 'UTC',
  limits: [{ window: 'day', max: 1 }],
  mode: 'enforce',
  degrade: 'local',
};
const LINES = Array.from({ length: 1_200 }, (_, n): OverrideInput => {
  return { rule: 'ocr', subject: { user: `u${n}` }, limits: [{ window: 'day', set: 5 }] };
});

describe('an import of overrides', () => {
  it('that the store breaks off says how many are in force, and may be repeated', async () => {
    const memory = await MemoryOverrides.open(undefined);
    let left = 2;
    const write: OverrideKeeper['write'] = (rule, writes) =>
      left-- > 0 ? memory.write(rule, writes) : Promise.reject(new StoreError('connection lost', 'unknown'));
    const keeper: OverrideKeeper = { write, list: (rule, part) => memory.list(rule, part) };
    const rules = new LiveRules(new RuleBook(1, [RULE]));
    const overrides = new EngineOverrides({ rules, keeper, now: () => Date.now() });

    const broken = overrides.import(LINES);
    await expect(broken).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(
        /connection lost.*1000 of the 1200 overrides are in force, and others may be.*import the same/s,
      ),
    });
    expect((await overrides.list({ rule: 'ocr', prefix: 'u999' })).overrides).toHaveLength(1);
    left = Infinity;
    expect(await overrides.import(LINES)).toEqual({ imported: 1_200 });
    expect((await overrides.list({ rule: 'ocr', prefix: 'u1199' })).overrides).toHaveLength(1);
    await memory.close();
  });
});
