import type { Rule } from '@sundial/contract';
import { counterKey } from '@sundial/engine/ports';
import { describe, expect, it } from '@jest/globals';
import { operationPlace } from './operation-place.js';

describe('operationPlace', () => {
  it('is one for each id and shard group, of bounded length, and never that of a counter', () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i));
    const ids = [...printable, ...printable.map((each) => each.repeat(128)), 'a b', 'a  b', '{op}', '}:x{'];
    const groups = [undefined, 'ocr:user=u1', 'ocr:user=u2'];
    const scopes = ['SCOPE-A', 'SCOPE-B'].flatMap((scope) => ['ocr', 'ocr:op'].map((of) => `${scope} ${of}`));
    const named = ['process.1', 'process.2', ...scopes.flatMap((scope) => ids.map((id) => `${scope} ${id}`))];
    const places = groups.flatMap((group) => named.map((id) => operationPlace(id, group)));
    expect(new Set(places.map(({ bucket, last }) => `${bucket} ${last}`)).size).toBe(places.length);
    for (const { bucket, last } of places) {
      expect(bucket).toMatch(
        /^sd1:(\{ocr:user=u[12]\}:)?(own:process\.|op:ocr(:op)?:SCOPE-[AB]:[\w.@+~-]{0,63})$/,
      );
      expect(last).toMatch(/^[\w.@+~-]$/);
    }
    const rule: Rule = {
      ...{ id: 'op:', resource: 'ocr', per: ['user'], timeZone: 'UTC', limits: [{ window: 'day', max: 1 }] },
      ...{ mode: 'enforce', degrade: 'local' },
    };
    const counter = counterKey(rule, { user: 'u1' }).key;
    expect(places.map(({ bucket }) => bucket)).not.toContain(counter);
  });

  it('is one bucket for ids that are made one after the other', () => {
    const tasks = ['S ocr task-10', 'S ocr task-11', 'S ocr task-19'].map((id) => operationPlace(id).bucket);
    expect(new Set(tasks)).toEqual(new Set(['sd1:op:ocr:S:task-1']));
    const made = ['process.10', 'process.1z'].map((id) => operationPlace(id).bucket);
    expect(new Set(made)).toEqual(new Set(['sd1:own:process.1']));
  });
});
