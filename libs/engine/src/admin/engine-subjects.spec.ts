import { describe, expect, it } from '@jest/globals';
import { QuotaError, type Rule } from '@sundial/contract';
import { QuotaEngine } from '../quota-engine.js';
import { LiveRules } from '../rules/live-rules.js';
import { RuleBook } from '../rules/rule-book.js';
import { DirectRunner } from '../runners/direct-runner.js';
import { MemoryStore } from '../stores/memory/memory-store.js';

const rule = (id: string): Rule => ({
  ...{ id, resource: id, per: ['user'], timeZone: 'UTC', limits: [{ window: 'day', max: 5 }] },
  ...{ mode: 'enforce', degrade: 'local' },
});
const subject = { user: 'u1' };

describe('a reset of several rules', () => {
  async function engineThatResets(least: number) {
    const runner = new DirectRunner(await MemoryStore.open());
    const rules = new LiveRules(new RuleBook(1, ['a', 'b', 'c'].map(rule)));
    const engine = new QuotaEngine({ runner, rules, deadlineMs: 50 });
    for (const resource of ['a', 'b', 'c']) await engine.check({ resource, subject, amount: 2 });
    const { reservations } = runner;
    const setUsage = reservations.setUsage.bind(reservations);
    let left = least;
    reservations.setUsage = (planned) => {
      if (left-- > 0) return setUsage(planned);
      throw new QuotaError('store-unavailable', 'The connection is lost.');
    };
    return engine;
  }

  it('that the store breaks off says what was reset, what perhaps, and what was not', async () => {
    const engine = await engineThatResets(1);
    const { reset, before, brokenOff } = await engine.subjects.reset({ subject });
    expect(reset.rules.map((one) => one.rule)).toEqual(['a']);
    expect(before).toMatchObject([{ rule: 'a', limits: [{ used: 2 }] }]);
    expect(brokenOff).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(
        /connection is lost.* Reset: a\. Perhaps reset: b\. Not reset: c\. .*the same call again/,
      ),
    });
    const used = ['a', 'b', 'c'].map(
      async (resource) => (await engine.usage({ resource, subject })).limits[0]?.used,
    );
    expect(await Promise.all(used)).toEqual([0, 2, 2]);
  });

  it('of which none is known to be reset fails as a whole', async () => {
    const engine = await engineThatResets(0);
    await expect(engine.subjects.reset({ subject })).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
