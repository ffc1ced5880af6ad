import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RuleIndex } from './rule-index.js';
import type { Rule, RuleMode } from '@sundial/contract';
import type { RuleEdits, StoredRule } from './rules-by-id.js';

const rule = (id: string, resource = 'ocr', mode: RuleMode = 'enforce'): Rule => ({
  ...{ id, resource, per: ['user'], timeZone: 'UTC', mode, degrade: 'local' },
  limits: [{ window: 'hour', max: 3 }],
});

/** What the index is compared with: a map that is copied for every change. */
type Model = ReadonlyMap<string, StoredRule>;

function modelAfter(model: Model, { set, removed }: RuleEdits): Model {
  const changed = new Map(model);
  for (const id of removed) changed.delete(id);
  for (const stored of set) changed.set(stored.rule.id, stored);
  return changed;
}

function sorted(model: Model): StoredRule[] {
  return [...model.values()].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1));
}

function expectSame(index: RuleIndex, model: Model, resources: readonly string[]): void {
  const all = sorted(model);
  expect([...index.after()]).toEqual(all);
  expect(index.size).toBe(all.length);
  for (const { rule } of all) expect(index.get(rule.id)).toBe(model.get(rule.id));
  for (const resource of resources) {
    const ofResource = all.map(({ rule }) => rule).filter((each) => each.resource === resource);
    expect(index.counting(resource)).toEqual(ofResource.filter(({ mode }) => mode !== 'off'));
    expect(index.knows(resource)).toBe(ofResource.length > 0);
  }
}

const RESOURCES = ['ocr', 'asr', 'llm'];
const anyId = fc.nat({ max: 400 }).map((n) => `r${n}`);
const anyStored = fc
  .tuple(
    anyId,
    fc.constantFrom(...RESOURCES),
    fc.constantFrom<RuleMode>('enforce', 'observe', 'off'),
    fc.nat(),
  )
  .map(([id, resource, mode, revision]) => ({ rule: rule(id, resource, mode), revision }));
const anyEdits: fc.Arbitrary<RuleEdits> = fc
  .tuple(
    fc.uniqueArray(anyStored, { selector: ({ rule }) => rule.id, maxLength: 300 }),
    fc.uniqueArray(anyId, { maxLength: 300 }),
  )
  .map(([set, ids]) => ({ set, removed: ids.filter((id) => set.every(({ rule }) => rule.id !== id)) }));

describe('RuleIndex', () => {
  it('holds what a copied map would, whatever is set and removed, and leaves earlier ones as they were', () => {
    fc.assert(
      fc.property(fc.array(anyEdits, { maxLength: 8 }), (steps) => {
        const seen: [RuleIndex, Model][] = [[RuleIndex.EMPTY, new Map()]];
        for (const edits of steps) {
          const [index, model] = seen.at(-1)!;
          seen.push([index.changed(edits), modelAfter(model, edits)]);
        }
        for (const [index, model] of seen) expectSame(index, model, [...RESOURCES, 'none']);
      }),
      { numRuns: 60 },
    );
  });

  it('becomes another one by the edits to it, of which there are none but what differs', () => {
    fc.assert(
      fc.property(fc.array(anyEdits, { maxLength: 4 }), fc.array(anyEdits, { maxLength: 4 }), (to, on) => {
        const before = to.reduce((index, edits) => index.changed(edits), RuleIndex.EMPTY);
        const after = on.reduce((index, edits) => index.changed(edits), before);
        const edits = before.editsTo(after);
        expect([...before.changed(edits).after()]).toEqual([...after.after()]);
        for (const { rule } of edits.set) expect(before.get(rule.id)).not.toBe(after.get(rule.id));
        for (const id of edits.removed)
          expect([before.get(id) !== undefined, after.get(id)]).toEqual([true, undefined]);
      }),
      { numRuns: 60 },
    );
  });

  it('lists what comes after an id, whether there is such an id or not', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { maxLength: 400 }), anyId, (ids, after) => {
        const index = RuleIndex.of(
          ids.map((id) => rule(id)),
          1,
        );
        const listed = [...index.after(after)].map(({ rule }) => rule.id);
        expect(listed).toEqual(ids.filter((id) => id > after).sort());
      }),
      { numRuns: 60 },
    );
  });

  it('is the same in slices', async () => {
    const rules = Array.from({ length: 1_000 }, (_, i) => ({ rule: rule(`r${i}`), revision: 1 }));
    const index = await RuleIndex.EMPTY.changedInSlices({ set: rules, removed: [] });
    const removed = rules.filter((_, i) => i % 3 === 0).map(({ rule }) => rule.id);
    const set = rules.filter((_, i) => i % 3 === 1).map(({ rule }) => ({ rule: { ...rule }, revision: 2 }));
    const sliced = await index.changedInSlices({ set, removed });
    expect([...sliced.after()]).toEqual([...index.changed({ set, removed }).after()]);
    expect(sliced.counting('ocr')).toEqual(index.changed({ set, removed }).counting('ocr'));
  });

  it('keeps the lists of other resources, and that of its own when only a rule that is off changes', () => {
    const index = RuleIndex.of([rule('a'), rule('b', 'asr'), rule('c', 'asr', 'off')], 1);
    const changed = index.changed({
      set: [{ rule: rule('a', 'ocr', 'observe'), revision: 2 }],
      removed: ['c'],
    });
    expect(changed.counting('asr')).toBe(index.counting('asr'));
    expect(changed.counting('ocr')).not.toBe(index.counting('ocr'));
  });

  it('changes one of ten thousand rules in a small part of the time a copy of all would take', () => {
    const rules = Array.from({ length: 10_000 }, (_, i) => rule(`r${i}`, `res${i}`));
    let index = RuleIndex.of(rules, 1);
    const change = (i: number) => ({ set: [{ rule: rule(`r${i}`, `res${i}`), revision: i }], removed: [] });
    const timed = (act: () => void): number => {
      const began = performance.now();
      for (let round = 0; round < 5; round++) act();
      return performance.now() - began;
    };
    const copy = timed(() => expect(new Map(rules.map((each) => [each.id, each])).size).toBe(10_000));
    const changes = timed(() => {
      for (let i = 0; i < 10; i++) index = index.changed(change(i * 997));
    });
    expect(changes / 10).toBeLessThan(copy / 4);
  });
});
