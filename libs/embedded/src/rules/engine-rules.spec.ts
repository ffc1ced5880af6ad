import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QuotaError, type RuleAdmin } from '@sundial/contract';
import { FileRuleRepository, LiveRules } from '@sundial/engine';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { EngineRules } from './engine-rules.js';

const OCR = { id: 'ocr', resource: 'ocr', per: ['user'], limits: [{ window: 'day', max: 3 }] } as const;

let directory: TemporaryDirectory;
let repository: FileRuleRepository;
let admin: RuleAdmin;
beforeEach(async () => {
  directory = await temporaryDirectory();
  repository = new FileRuleRepository({ directory: directory.path, seed: () => [] });
  const rules = new LiveRules();
  await repository.start((book) => rules.apply(book));
  admin = new EngineRules({ rules, repository });
});
afterEach(async () => {
  await repository.close();
  await directory.remove();
});

async function refused(write: Promise<unknown>): Promise<string> {
  const error = await write.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof QuotaError ? error.code : `no QuotaError: ${String(error)}`;
}

describe('administration of rules in the process', () => {
  it('creates a rule with its defaults, and reads it with its revision', async () => {
    expect(await admin.create(OCR)).toEqual({
      ...{ version: 2, nodes: { live: 1, applied: 1 } },
      effects: [{ kind: 'callers-need-attribute', rule: 'ocr', resource: 'ocr', attribute: 'user' }],
    });
    expect(admin.get('ocr')).toEqual({
      rule: { ...OCR, timeZone: 'UTC', mode: 'enforce', degrade: 'local' },
      revision: 2,
    });
    expect([admin.version, admin.list().length]).toEqual([2, 1]);
  });

  it('patches fields, returns others to their defaults, and leaves the rest', async () => {
    await admin.create({ ...OCR, mode: 'observe', description: 'three a day' });
    await admin.patch('ocr', { limits: [{ window: 'hour', max: 1 }], mode: null });
    expect(admin.get('ocr')?.rule).toMatchObject({
      limits: [{ window: 'hour', max: 1 }],
      mode: 'enforce',
      description: 'three a day',
    });
  });

  it('overwrites nothing that the caller has not seen', async () => {
    await admin.create(OCR);
    await admin.replace({ ...OCR, limits: [{ window: 'day', max: 5 }] }, { revision: 2 });
    expect(await refused(admin.replace(OCR, { revision: 2 }))).toBe('rule-changed');
    expect(await refused(admin.patch('ocr', { mode: 'off' }, { revision: 2 }))).toBe('rule-changed');
    expect(await refused(admin.delete('ocr', { revision: 2 }))).toBe('rule-changed');
    expect(await refused(admin.replaceAll([], { version: 2 }))).toBe('rules-changed');
    expect(admin.get('ocr')?.rule.limits).toEqual([{ window: 'day', max: 5 }]);
  });

  // Of two patches at once that read one revision, one would undo the other.
  it('compares a patch with the rule that it was read from', async () => {
    await admin.create(OCR);
    const outcomes = await Promise.allSettled([
      admin.patch('ocr', { mode: 'observe' }),
      admin.patch('ocr', { degrade: 'deny' }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('replaces all rules in one version', async () => {
    await admin.create(OCR);
    const written = await admin.replaceAll([{ ...OCR, id: 'llm', resource: 'llm' }], { version: 2 });
    expect(written).toMatchObject({ created: ['llm'], removed: ['ocr'], changed: [], version: 3 });
    await admin.delete('llm');
    expect(admin.list()).toEqual([]);
  });

  it('refuses, by code, what is no rule, exists or does not exist', async () => {
    await admin.create(OCR);
    expect(await refused(admin.create({ ...OCR, limits: [] }))).toBe('invalid-rule');
    expect(await refused(admin.replaceAll([OCR, OCR]))).toBe('invalid-rule');
    expect(await refused(admin.create(OCR))).toBe('rule-exists');
    expect(await refused(admin.patch('none', { mode: 'off' }))).toBe('rule-not-found');
    expect(await refused(admin.delete('none'))).toBe('rule-not-found');
    expect(admin.get('none')).toBeUndefined();
  });
});
